#!/bin/sh
# Finds out, once, whether this machine's package feed is partial, and remembers it in Feed.local.props.
# The feed is asked for one package that partial feeds lack; its name or address plays no part.
# Delete Feed.local.props to have it asked again.
set -eu

root=$(CDPATH= cd -- "$(dirname -- "$0")/.." && pwd)
answer="$root/Feed.local.props"
[ -f "$answer" ] && exit 0

version=$(sed -n 's:.*<AspireVersion>\(.*\)</AspireVersion>.*:\1:p' "$root/Directory.Packages.props")
probe=$(mktemp -d)
trap 'rm -rf "$probe"' EXIT
trap 'exit 130' INT TERM

# Empty files stop MSBuild from looking further up than the probe's own folder.
for name in Directory.Build.props Directory.Build.targets Directory.Packages.props; do
  echo '<Project />' >"$probe/$name"
done
[ -f "$root/nuget.config" ] && cp "$root/nuget.config" "$probe/"
cat >"$probe/probe.csproj" <<PROJECT
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup><TargetFramework>net10.0</TargetFramework></PropertyGroup>
  <ItemGroup><PackageReference Include="Aspire.Hosting" Version="[$version]" /></ItemGroup>
</Project>
PROJECT

write() {
  cat >"$answer.tmp" <<PROPS
<Project>
  <PropertyGroup><PartialFeed>$1</PartialFeed></PropertyGroup>
</Project>
PROPS
  mv "$answer.tmp" "$answer"
}

if output=$(cd "$probe" && DOTNET_CLI_UI_LANGUAGE=en dotnet restore probe.csproj 2>&1); then
  write false
  echo "Package feed: complete (Aspire.Hosting $version is there)."
elif printf '%s\n' "$output" | grep -qE 'NU110[12]'; then
  write true
  echo "Package feed: partial (Aspire.Hosting $version is not there); building with stand-ins/."
else
  reason=$(printf '%s\n' "$output" | grep -m1 -oE '(error|NU[0-9]+).*' || printf 'dotnet restore failed')
  echo "Package feed: cannot be asked, so nothing is decided: $reason" >&2
  exit 1
fi
