namespace EvenNet.Kernels.Cpu;

/// <summary>Runs a body for each of many planes, several planes a task, so that a task is worth a thread's while. Does not allocate.</summary>
internal sealed class CpuTensorPlanes
{
    // Floats that a task should touch at least, and tasks for each thread: consecutive planes are read ahead of time.
    private const long TaskSize = 8192, TasksPerThread = 8;
    private readonly Threads threads;
    private readonly int planes, planesPerTask;
    private readonly Action<int, int> body, task;

    /// <summary>Plans body(worker, plane) for 0 … planes − 1, each touching about so many floats.</summary>
    public CpuTensorPlanes(Threads threads, int planes, long planeSize, Action<int, int> body)
    {
        (this.threads, this.planes, this.body) = (threads, planes, body);
        long least = Math.Max(TaskSize / Math.Max(1, planeSize), planes / (TasksPerThread * threads.Count));
        planesPerTask = (int)Math.Clamp(least, 1, Math.Max(1, planes));
        task = Task;
    }

    public void Run() => threads.For((planes + planesPerTask - 1) / planesPerTask, task);

    private void Task(int worker, int index)
    {
        int end = Math.Min(planes, (index + 1) * planesPerTask);
        for (int plane = index * planesPerTask; plane < end; plane++) body(worker, plane);
    }
}
