using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using LeaderElection.Hosting;
using LeaderElection.Tests.App;
using LeaderElection.Tests.Processes;

namespace LeaderElection.Tests.Hosting;

/// <summary>How a store is run, by what the machine's container runtime can do; a script stands for the runtime.</summary>
public sealed class StoreChoiceTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("redis")]
    [InlineData("etcd")]
    [InlineData("zookeeper")]
    public void Auto_NoImageToBeHad_TakesTheInstalledServer(string store)
    {
        var resource = Add(store, StoreChoice.Auto, """
            case $1 in
              container) exit 0 ;;
              image) exit 1 ;;
              pull) echo 'Error: registry: connection refused' >&2; exit 125 ;;
            esac
            """);

        Assert.IsAssignableFrom<NativeServerResource>(resource);
    }

    [Theory]
    [InlineData("case $1 in container|image) exit 0 ;; esac; exit 1")]
    [InlineData("case $1 in container|pull) exit 0 ;; esac; exit 1")]
    public void Auto_ImageAtHandOrPulled_TakesTheContainer(string script) =>
        Assert.IsType<EtcdResource>(Add("etcd", StoreChoice.Auto, script));

    [Theory]
    [InlineData(StoreChoice.Auto, "exit 1")]
    [InlineData(StoreChoice.Native, "exit 0")]
    internal void RuntimeThatDoesNotAnswerOrIsNotWanted_TakesTheInstalledServer(StoreChoice choice, string script) =>
        Assert.IsType<NativeEtcdResource>(Add("etcd", choice, script));

    [Fact]
    public void Container_IsWhatWasAskedFor_WhateverTheRuntimeCanDo() =>
        Assert.IsType<EtcdResource>(Add("etcd", StoreChoice.Container, "exit 1"));

    [Fact]
    public void TryGet_NoImageToBeHad_SaysWhyInOneLine()
    {
        var builder = WithRuntime("case $1 in container) exit 0 ;; pull) printf 'Trying…\\nError: \\033[1mno such host\\n\\n' >&2 ;; esac; exit 1");

        Assert.False(ContainerRuntime.Find(builder.Configuration)!.TryGet("quay.io/coreos/etcd:v1", out var trouble));

        Assert.Equal($"{Runtime} cannot pull quay.io/coreos/etcd:v1: Error: [1mno such host", trouble);
    }

    [Fact]
    public void Find_NoSuchProgram_IsNone()
    {
        var builder = TestApplication.CreateBuilder();
        builder.Configuration["ASPIRE_CONTAINER_RUNTIME"] = Path.Combine(_folder.Path, "none");

        Assert.Null(ContainerRuntime.Find(builder.Configuration));
    }

    private string Runtime => Path.Combine(_folder.Path, "runtime");

    private IResource Add(string store, StoreChoice choice, string script)
    {
        var builder = WithRuntime(script);
        var added = store switch
        {
            "redis" => builder.AddRedis(store).OrNative(_folder.Path, choice),
            "etcd" => builder.AddEtcd(store).OrNative(_folder.Path, choice),
            _ => builder.AddZooKeeper(store).OrNative(_folder.Path, choice),
        };
        return added!.Resource;
    }

    private IDistributedApplicationBuilder WithRuntime(string script)
    {
        File.WriteAllText(Runtime, $"#!/bin/sh\n{script}\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(Runtime, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        var builder = TestApplication.CreateBuilder();
        builder.Configuration["ASPIRE_CONTAINER_RUNTIME"] = Runtime;
        return builder;
    }
}
