namespace LeaderElection.Tests.Servers;

/// <summary>TLS on the clients' port of a server.</summary>
/// <param name="Authority">Who signed both certificates; the server accepts clients that it signed.</param>
/// <param name="Client">What an operator's tool of the test shows.</param>
/// <param name="AsksForClientCertificate">Whether the server turns away a client that shows no certificate of the authority.</param>
internal sealed record ServerTls(TestCertificate Authority, TestCertificate Server, TestCertificate Client, bool AsksForClientCertificate = false);
