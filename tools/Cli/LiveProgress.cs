using EvenNet.Initialization;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace EvenNet.Cli;

/// <summary>Progress on a terminal: one line that is drawn over, and gone when the work is done.</summary>
internal sealed class LiveProgress : IProgress<InitProgress>
{
    private readonly Lock order = new();
    private readonly StageClock clock = new();
    private readonly ProgressTask task;

    private LiveProgress(ProgressTask task) => this.task = task;

    public static T Run<T>(IAnsiConsole console, Func<IProgress<InitProgress>, T> work)
    {
        LiveProgress? progress = null;
        return console.Progress().AutoClear(true)
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn { Width = 30 }, new PercentageColumn(), new LeftColumn(() => progress?.clock.SecondsLeft))
            .Start(context =>
            {
                progress = new LiveProgress(context.AddTask("starting", maxValue: 1));
                return work(progress);
            });
    }

    public void Report(InitProgress value)
    {
        lock (order)
        {
            clock.Take(value);
            task.Description = Markup.Escape($"{value.Stage,-10}{value.Detail}");
            // A task that reaches its end stops for good, and the next stage starts again.
            task.Value = Math.Clamp(value.Fraction, 0, 0.999);
        }
    }

    private sealed class LeftColumn(Func<double?> secondsLeft) : ProgressColumn
    {
        protected override bool NoWrap => true;

        public override IRenderable Render(RenderOptions options, ProgressTask task, TimeSpan deltaTime) =>
            new Spectre.Console.Text(secondsLeft() is { } seconds ? $"left {Cli.Text.Duration(seconds)}" : "");
    }
}
