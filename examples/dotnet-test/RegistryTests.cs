// A test with a local Azure Container Registry and the Azure SDK for .NET. Install acrux, and run: acrux run -- dotnet test
using Azure.Containers.ContainerRegistry;
using Azure.Identity;
using Xunit;

public class RegistryTests
{
    private static string Value(string name) =>
        Environment.GetEnvironmentVariable(name) ?? throw new InvalidOperationException($"{name} is not set: use acrux run");

    [Fact]
    public async Task ANewRegistryHasNoRepositories()
    {
        // The credential reads AZURE_AUTHORITY_HOST, AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET.
        var credential = new EnvironmentCredential(new EnvironmentCredentialOptions { DisableInstanceDiscovery = true });
        var client = new ContainerRegistryClient(new Uri($"https://{Value("ACRUX_LOGIN_SERVER")}"), credential);
        await foreach (var name in client.GetRepositoryNamesAsync())
        {
            Assert.Fail($"unexpected repository {name}");
        }
    }
}
