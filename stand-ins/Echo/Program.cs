using System.Collections;

var sick = Environment.GetEnvironmentVariable("ECHO_SICK") is not null;
var app = WebApplication.CreateSlimBuilder(args).Build();

// "Connection: close" has each request come by a connection of its own, as the spreading of connections is tested.
app.MapGet("/", (HttpResponse response) =>
{
    response.Headers.Connection = "close";
    return Environment.ProcessId;
});
app.MapGet("/environment", () => Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
    .ToDictionary(entry => (string)entry.Key, entry => entry.Value as string));
app.MapGet("/health", () => sick ? Results.StatusCode(503) : Results.Ok());
app.MapPost("/heal", () => sick = false);
app.Run();
