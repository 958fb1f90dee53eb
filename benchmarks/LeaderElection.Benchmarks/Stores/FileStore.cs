namespace LeaderElection.Benchmarks.Stores;

internal sealed class FileStore : Store
{
    public FileStore() : base("file") =>
        Description = $"folder on {new DriveInfo(Folder).DriveFormat}";

    public override string Endpoints => Path.Combine(Folder, "elections");

    public override bool WaitsOutLease => false;
}
