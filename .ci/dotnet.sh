# What `run` and `test` share. Sourced, with $root set.

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_CLI_UI_LANGUAGE=en
apphost_dll="$root/LeaderElection.AppHost/bin/Release/net10.0/LeaderElection.AppHost.dll"

require_dotnet() {
  if ! command -v dotnet >/dev/null 2>&1; then
    echo "The .NET 10 SDK is needed, and 'dotnet' is not on the PATH: https://dot.net/download" >&2
    exit 1
  fi
  if ! (cd "$root" && dotnet --version >/dev/null 2>&1); then
    echo "The .NET 10 SDK is needed; installed here are: $(dotnet --list-sdks | cut -d' ' -f1 | tr '\n' ' ')" >&2
    exit 1
  fi
}

sources_newer_than() {
  [ -n "$(find "$root" \( -name bin -o -name obj -o -name .git -o -name data -o -name 'data-[0-9]*' -o -name artifacts \) -prune -o -type f -newer "$1" -print | head -n 1)" ]
}
