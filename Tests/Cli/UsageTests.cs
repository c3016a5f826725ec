using EvenNet.Cli;

namespace EvenNet.Tests.Cli;

public sealed class UsageTests
{
    [TestCase("sumary", "no command named sumary; did you mean summary?")]
    [TestCase("summary cafenet", "no net named cafenet; did you mean caffenet? There are caffenet, alexnet, vgg16")]
    [TestCase("summary caffenet --bacth 3", "no option named --bacth; did you mean --batch?")]
    [TestCase("summary caffenet extra", "unexpected argument extra")]
    [TestCase("summary caffenet --batch 0", "--batch must be at least 1, got 0")]
    [TestCase("summary caffenet --batch many", "many")]
    [TestCase("summary caffenet --device gpu", "--device: there is no gpu; did you mean cpu?")]
    [TestCase("summary", "Required argument missing")]
    public void A_wrong_command_line_is_told_what_would_be_right(string line, string message) =>
        ToolRun.Of(line.Split(' ')).MustFail(ExitCode.Usage, message, "--help");

    [Test]
    public void Without_a_command_the_help_is_shown_beside_the_results()
    {
        ToolRun run = ToolRun.Of();
        run.MustFail(ExitCode.Usage, "Usage:", "summary", "doctor");
    }

    [Test]
    public void A_device_that_this_build_lacks_is_named_and_not_replaced() =>
        ToolRun.Of("summary", "caffenet", "--device", "cuda").MustFail(ExitCode.Device, "no CUDA backend", "--device cpu");

    [Test]
    public void Every_command_has_help_with_an_example([ValueSource(nameof(Verbs))] string verb)
    {
        ToolRun run = ToolRun.Of(verb, "--help");
        Assert.That(run.ExitCode, Is.Zero);
        Assert.That(run.Error, Is.Empty);
        Assert.That(run.Output, Does.Contain($"  evennet {verb}").And.Contain("Examples:").And.Contain("Exit codes:").And.Not.Contain("\x1b"));
    }

    private static IEnumerable<string> Verbs => EvenNetTool.Verbs.Select(v => v.Name);
}
