using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Running;
using EvenNet.Benchmarks;

// Every figure comes with GFLOP/s and with what it allocates.
IConfig config = DefaultConfig.Instance.AddColumn(new OperationsColumn()).AddDiagnoser(MemoryDiagnoser.Default);
BenchmarkSwitcher.FromAssembly(typeof(LayerBenchmarks).Assembly).Run(args, config);
