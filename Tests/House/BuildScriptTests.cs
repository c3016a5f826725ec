using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace EvenNet.Tests.House;

/// <summary>Build.ps1 cannot run everywhere the tests do, so it is thin and what it says is checked here.</summary>
public sealed partial class BuildScriptTests
{
    private static readonly string[] Targets = ["Build", "Test", "Format", "Kernels", "Pack", "Bench", "Demo", "Clean"];

    [Test]
    public void The_project_and_both_scripts_name_the_same_targets()
    {
        IEnumerable<string> project = XDocument.Load(Repository.Path("tools/build/build.proj"))
            .Descendants("Target").Select(t => t.Attribute("Name")!.Value);
        string windows = ValidateSet().Match(Repository.Read("Build.ps1")).Groups[1].Value;
        string unix = Repository.Read("build.sh").Split('\n')[1];

        Assert.Multiple(() =>
        {
            Assert.That(project, Is.EqualTo(Targets));
            Assert.That(Quoted().Matches(windows).Select(m => m.Groups[1].Value), Is.EqualTo(Targets));
            Assert.That(unix, Does.Contain("[" + string.Join('|', Targets) + "]"));
            Assert.That(Repository.Read("Build.ps1").Split('\n')[0], Does.Contain("[-Target " + string.Join('|', Targets) + "]"));
        });
    }

    [Test]
    public void Both_scripts_issue_the_documented_command()
    {
        Assert.That(Repository.Read("Build.ps1"),
            Does.Contain("& dotnet msbuild 'tools/build/build.proj' \"-t:$Target\" \"-p:Configuration=$Configuration\" @Rest"));
        Assert.That(Repository.Read("build.sh"),
            Does.Contain("exec dotnet msbuild tools/build/build.proj \"-t:$target\" \"-p:Configuration=${CONFIGURATION:-Release}\" \"$@\""));
    }

    [Test]
    public void Build_ps1_fails_when_the_command_fails()
    {
        string script = Repository.Read("Build.ps1");
        Assert.That(script, Does.Contain("$ErrorActionPreference = 'Stop'"));
        Assert.That(script.TrimEnd(), Does.EndWith("exit $code"));
        Assert.That(script, Does.Contain("$code = $LASTEXITCODE"));
    }

    // What Windows PowerShell 5.1 does not parse, or what only works with the reader's own settings.
    [TestCase("&&")]
    [TestCase("||")]
    [TestCase("??")]
    [TestCase("?.")]
    [TestCase("-Parallel")]
    [TestCase("Import-Module")]
    [TestCase("using ")]
    [TestCase("PSNativeCommandUseErrorActionPreference")]
    public void Build_ps1_holds_nothing_that_PowerShell_5_1_refuses(string token) =>
        Assert.That(Code(Repository.Read("Build.ps1")), Does.Not.Contain(token).IgnoreCase);

    [Test]
    public void Build_ps1_is_ascii_so_that_no_code_page_changes_it() =>
        Assert.That(File.ReadAllBytes(Repository.Path("Build.ps1")).Where(b => b > 127), Is.Empty);

    [Test]
    public void Build_ps1_uses_no_aliases()
    {
        string[] aliases = ["cd", "ls", "dir", "cp", "mv", "rm", "echo", "cat", "gc", "gci", "iex", "%", "?"];
        IEnumerable<string> words = Code(Repository.Read("Build.ps1")).Split([' ', '\n', '(', ')', '{', '}', ';', '|'], StringSplitOptions.RemoveEmptyEntries);
        Assert.That(words.Intersect(aliases), Is.Empty);
    }

    /// <summary>The script without its comment lines.</summary>
    private static string Code(string script) => string.Join('\n', script.Split('\n').Where(line => !line.TrimStart().StartsWith('#')));

    [GeneratedRegex(@"\[ValidateSet\(([^)]*)\)\]\s*\[string\]\$Target")]
    private static partial Regex ValidateSet();

    [GeneratedRegex("'([^']*)'")]
    private static partial Regex Quoted();
}
