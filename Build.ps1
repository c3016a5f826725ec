# .\Build.ps1 [-Target Build|Test|Format|Kernels|Pack|Bench|Demo|Clean] [-Configuration Release|Debug] [msbuild options]
# Where scripts are locked: powershell -ExecutionPolicy Bypass -File Build.ps1 -Target Test
[CmdletBinding()]
param(
    [Parameter(Position = 0)]
    [ValidateSet('Build', 'Test', 'Format', 'Kernels', 'Pack', 'Bench', 'Demo', 'Clean')]
    [string]$Target = 'Build',
    [ValidateSet('Release', 'Debug')]
    [string]$Configuration = 'Release',
    [Parameter(ValueFromRemainingArguments = $true)]
    [string[]]$Rest = @()
)

$ErrorActionPreference = 'Stop'
if (-not (Get-Command -Name 'dotnet' -ErrorAction SilentlyContinue)) {
    throw 'dotnet was not found: install the .NET 10 SDK (winget install Microsoft.DotNet.SDK.10).'
}
Push-Location -LiteralPath $PSScriptRoot
try {
    & dotnet msbuild 'tools/build/build.proj' "-t:$Target" "-p:Configuration=$Configuration" @Rest
    $code = $LASTEXITCODE
}
finally {
    Pop-Location
}
exit $code
