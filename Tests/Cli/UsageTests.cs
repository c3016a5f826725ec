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
    [TestCase("bench", "bench needs one of its commands: net, kernels, init, data")]
    [TestCase("bench nets", "no command named nets; did you mean net?")]
    [TestCase("bench net cafenet", "no net named cafenet; did you mean caffenet?")]
    [TestCase("bench net caffenet extra", "unexpected argument extra")]
    [TestCase("bench net caffenet --batch 0", "--batch must be at least 1, got 0")]
    [TestCase("bench net caffenet --repetitions 0", "--repetitions must be at least 1, got 0")]
    [TestCase("bench net caffenet --seconds -1", "--seconds must lie between 0 and")]
    [TestCase("bench net caffenet --bacth 2", "no option named --bacth; did you mean --batch?")]
    [TestCase("bench kernels --filter nothing-like-it", "no layer has nothing-like-it in its name; there are caffenet conv1")]
    [TestCase("bench data", "no data: give one of --voc DIR, --folder DIR")]
    [TestCase("bench data --voc a --folder b", "exclude one another")]
    [TestCase("bench data --cifar10 a --workers 0", "--workers must be at least 1, got 0")]
    [TestCase("bench data --cifar10 a --net cafenet", "--net: there is no cafenet; did you mean caffenet?")]
    [TestCase("bench init caffenet --method kmean", "--method: there is no kmean")]
    public void A_wrong_command_line_is_told_what_would_be_right(string line, string message) =>
        ToolRun.Of(line.Split(' ')).MustFail(ExitCode.Usage, message, "--help");

    [Test]
    public void Without_a_command_the_help_is_shown_beside_the_results()
    {
        ToolRun run = ToolRun.Of();
        run.MustFail(ExitCode.Usage, "Usage:", "summary", "doctor");
    }

    [Test]
    public void A_device_that_is_no_device_is_named_beside_those_that_are([Values("gpu", "cuda:", "cuda:x", "cuda:-1")] string device) =>
        ToolRun.Of("summary", "caffenet", "--device", device).MustFail(ExitCode.Usage, $"--device: there is no {device}; did you mean", "auto, cpu, reference, cuda, cuda:1");

    [Test]
    public void Every_command_has_help_with_an_example([ValueSource(nameof(Verbs))] string verb)
    {
        ToolRun run = ToolRun.Of([.. verb.Split(' '), "--help"]);
        Assert.That(run.ExitCode, Is.Zero);
        Assert.That(run.Error, Is.Empty);
        Assert.That(run.Output, Does.Contain($"  evennet {verb}").And.Contain("Examples:").And.Contain("Exit codes:").And.Not.Contain("\x1b"));
    }

    [TestCase("bench net --batch x", "evennet bench net --help")]
    [TestCase("bench", "evennet bench --help")]
    [TestCase("nothing", "evennet --help")]
    public void The_nearest_help_is_named(string line, string help) => ToolRun.Of(line.Split(' ')).MustFail(ExitCode.Usage, help);

    private static IEnumerable<string> Verbs =>
        EvenNetTool.Verbs.SelectMany(v => v.Subcommands.Select(s => $"{v.Name} {s.Name}").Prepend(v.Name));
}
