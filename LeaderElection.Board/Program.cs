namespace LeaderElection.Board;

internal static class Program
{
    public static async Task<int> Main(string[] args)
    {
        WebApplication app;
        try
        {
            app = BoardApp.Create(args);
            await app.StartAsync();
        }
        // Whatever it is (the data folder, the port, a setting), the user can do something about it, and not with a stack trace.
        catch (Exception exception)
        {
            await Console.Error.WriteLineAsync($"The board cannot start: {exception.Message.ReplaceLineEndings(" ")}");
            return 1;
        }

        await using (app)
            await app.WaitForShutdownAsync();
        return 0;
    }
}
