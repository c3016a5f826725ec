using System.Text.Json;

namespace EvenNet.Tests.Cli;

public sealed class DoctorTests
{
    [Test]
    public void It_finds_the_machine_the_library_and_the_photographs_and_passes_its_self_test()
    {
        ToolRun run = ToolRun.Of("doctor", "--json");
        JsonElement doctor = run.Json;
        Assert.That(doctor.GetProperty("processors").GetInt32(), Is.EqualTo(Environment.ProcessorCount));
        Assert.That(doctor.GetProperty("photographs").GetProperty("found").GetInt32(), Is.EqualTo(16));
        Assert.That(doctor.GetProperty("jpeg").GetProperty("tried").GetArrayLength(), Is.Positive);
        JsonElement[] checks = [.. doctor.GetProperty("checks").EnumerateArray()];
        Assert.That(checks, Has.Length.EqualTo(2));
        foreach (JsonElement check in checks) Assert.That(check.GetProperty("error").GetDouble(), Is.LessThan(1e-4), check.ToString());
        Assert.That(doctor.GetProperty("isHealthy").GetBoolean(), Is.True);
    }

    [Test]
    public void The_lines_name_what_they_say()
    {
        ToolRun run = ToolRun.Of("doctor");
        foreach (string label in (string[])["evennet", "processor", "memory", "devices", "jpeg", "pictures", "self-test"])
            Assert.That(run.Output, Does.Match($"(?m)^{label}\\s"));
    }
}
