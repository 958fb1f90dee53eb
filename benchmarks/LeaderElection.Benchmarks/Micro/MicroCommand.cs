using System.CommandLine;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using LeaderElection.Benchmarks.Stores;
using LeaderElection.Tests.Processes;

namespace LeaderElection.Benchmarks.Micro;

/// <summary>The hot paths by themselves, with BenchmarkDotNet.</summary>
internal static class MicroCommand
{
    public static Command Create()
    {
        var command = new Command("micro", "Hot paths by themselves, with what they allocate: lease clock, frames of raft, packets of ZooKeeper, renewal on Redis.");
        command.SetAction(_ => Run());
        return command;
    }

    private static int Run()
    {
        using var folder = new TemporaryFolder();
        // In this process: no project is generated, none is restored.
        var config = ManualConfig.CreateEmpty()
            .AddJob(Job.Default.WithToolchain(InProcessEmitToolchain.Instance).WithWarmupCount(3).WithIterationCount(12))
            .AddDiagnoser(MemoryDiagnoser.Default)
            .AddColumnProvider(DefaultColumnProviders.Instance)
            .AddLogger(ConsoleLogger.Default)
            .WithOptions(ConfigOptions.JoinSummary | ConfigOptions.DisableLogFile)
            .WithArtifactsPath(folder.Path);
        List<Type> types = [typeof(LeaseClockBenchmarks), typeof(RaftFrameBenchmarks), typeof(ZooKeeperPacketBenchmarks)];
        if (StoreCatalog.Missing("redis") is { } line)
            Console.WriteLine($"redis is not measured: its server is not on this machine ({line})");
        else
            types.Add(typeof(RedisRenewalBenchmarks));
        var summaries = BenchmarkRunner.Run([.. types], config);
        return summaries.All(s => s.Reports.Length > 0 && s.Reports.All(r => r.Success)) ? 0 : 1;
    }
}
