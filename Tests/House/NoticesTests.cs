using System.Xml.Linq;

namespace EvenNet.Tests.House;

public sealed class NoticesTests
{
    // What a build uses and does not ship.
    private static readonly string[] OnlyForBuilding =
        ["BenchmarkDotNet", "Grpc.Tools", "MathNet.Numerics", "Microsoft.NET.Test.Sdk", "NUnit", "NUnit.Analyzers", "NUnit3TestAdapter"];

    [Test]
    public void Every_package_that_ships_is_named_with_its_version()
    {
        string notices = Repository.Read("tools/build/THIRD-PARTY-NOTICES.md");
        foreach (XElement package in XDocument.Load(Repository.Path("Directory.Packages.props")).Descendants("PackageVersion"))
        {
            string name = package.Attribute("Include")!.Value;
            if (!OnlyForBuilding.Contains(name)) Assert.That(notices, Does.Contain($"| {name} {package.Attribute("Version")!.Value},"));
        }
    }

    [Test]
    public void Every_folder_of_somebody_elses_work_is_named()
    {
        string notices = Repository.Read("tools/build/THIRD-PARTY-NOTICES.md");
        Assert.That(notices, Does.Contain("`tools/Report/Assets/NOTICES.txt`").And.Contain("`tools/Cli/Photographs/SOURCES.md`"));
        Assert.That(File.Exists(Repository.Path("tools/Report/Assets/NOTICES.txt")));
    }
}
