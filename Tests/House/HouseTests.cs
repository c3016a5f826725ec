using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace EvenNet.Tests.House;

public sealed partial class HouseTests
{
    private static readonly string[] TopLevel =
    [
        "Framework", "Kernels", "Initialization", "Models", "Tests", "Benchmarks", "tools",
        "Build.ps1", "build.sh", "README.md", "LICENSE", "CHANGELOG.md",
        "EvenNet.slnx", "Directory.Build.props", "Directory.Packages.props", "global.json",
    ];

    [TestCase("Framework")]
    [TestCase("Kernels", "Framework")]
    [TestCase("Initialization", "Framework")]
    [TestCase("Models", "Framework")]
    public void References_run_one_way(string project, params string[] allowed)
    {
        IEnumerable<string> declared = Project($"{project}/{project}.csproj").Descendants("ProjectReference")
            .Select(r => Path.GetFileNameWithoutExtension(r.Attribute("Include")!.Value.Replace('\\', '/')));
        IEnumerable<string> compiled = Assembly.Load($"EvenNet.{project}").GetReferencedAssemblies()
            .Select(name => name.Name!).Where(name => name.StartsWith("EvenNet.", StringComparison.Ordinal)).Select(name => name["EvenNet.".Length..]);

        Assert.That(declared.Except(allowed), Is.Empty, "project references");
        Assert.That(compiled.Except(allowed), Is.Empty, "assembly references");
    }

    [Test]
    public void Framework_needs_no_package() =>
        Assert.That(Project("Framework/Framework.csproj").Descendants("PackageReference"), Is.Empty);

    [Test]
    public void Only_Kernels_Tests_and_Benchmarks_allow_unsafe_code()
    {
        string[] allowing = [.. Repository.TrackedFiles()
            .Where(file => Path.GetExtension(file) is ".csproj" or ".props" or ".targets")
            .Where(file => Project(file).Descendants("AllowUnsafeBlocks").Any())];
        Assert.That(allowing, Is.EquivalentTo(
            new[] { "Kernels/Kernels.csproj", "Tests/Tests.csproj", "Benchmarks/Benchmarks.csproj" }));
    }

    [Test]
    public void The_top_level_holds_what_it_should_and_nothing_else()
    {
        string[] found = [.. Repository.TrackedFiles().Select(file => file.Split('/')[0]).Distinct().Where(name => !name.StartsWith('.'))];
        Assert.That(found.Except(TopLevel).Except(["NativeKernels.cu"]), Is.Empty, "does not belong at the top level");
        Assert.That(TopLevel.Except(found), Is.Empty, "is missing from the top level");
    }

    [Test]
    public void The_solution_holds_every_project()
    {
        IEnumerable<string> listed = Project("EvenNet.slnx").Descendants("Project").Select(p => p.Attribute("Path")!.Value.Replace('\\', '/'));
        IEnumerable<string> present = Repository.TrackedFiles().Where(file => file.EndsWith(".csproj", StringComparison.Ordinal));
        Assert.That(listed, Is.EquivalentTo(present));
    }

    [Test]
    public void No_file_names_a_folder_of_somebodys_machine()
    {
        var found = new List<string>();
        foreach (string file in Repository.TrackedFiles().Where(file => File.Exists(Repository.Path(file)) && !IsBinary(Repository.Path(file))))
        {
            int number = 0;
            foreach (string line in File.ReadLines(Repository.Path(file)))
            {
                number++;
                if (MachinePath().Match(line) is { Success: true } match) found.Add($"{file}:{number}: {match.Value}");
            }
        }
        Assert.That(found, Is.Empty);
    }

    // A home, a mount or a Windows drive; a leading word, dot, quote-free scheme or variable makes it part of something longer.
    [GeneratedRegex(@"(?<![\w.}$/-])/(?:work|home|root|Users|mnt)/\w|\b[A-Z]:\\+(?:Users|Windows|Program Files)\b")]
    private static partial Regex MachinePath();

    [TestCase("/ho" + "me/someone/EvenNet", true)]
    [TestCase("open /wo" + "rk/main/x", true)]
    [TestCase(@"C:\U" + @"sers\someone", true)]
    [TestCase("https://example.org/ho" + "me/page", false)]
    [TestCase("tools/wo" + "rk/x", false)]
    public void A_machine_path_is_told_from_an_address(string text, bool expected) =>
        Assert.That(MachinePath().IsMatch(text), Is.EqualTo(expected));

    private static bool IsBinary(string path)
    {
        using FileStream file = File.OpenRead(path);
        Span<byte> head = stackalloc byte[4096];
        return head[..file.Read(head)].Contains((byte)0);
    }

    private static XDocument Project(string file) => XDocument.Load(Repository.Path(file));
}
