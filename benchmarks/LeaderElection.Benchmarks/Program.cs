using System.CommandLine;
using LeaderElection.Benchmarks;

var root = new RootCommand("Measures leader election. Candidates are processes of their own, driven over standard input and output.");
root.Subcommands.Add(CandidateCommand.Create());
root.Subcommands.Add(HoldCommand.Create());
return await root.Parse(args).InvokeAsync();
