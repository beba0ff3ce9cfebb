/** The help of `acrux-credential-provider`. */
export const helpText = `Usage: acrux-credential-provider [CONFIG] [options]
       acrux-credential-provider install DIRECTORY [FILE...]

Gives the kubelet a login to pull an image. The program reads a CredentialProviderRequest from standard input, and
writes a CredentialProviderResponse to standard output. If the settings do not name the registry of the image, the
response is empty.

Arguments:
  CONFIG                       a configuration file, YAML or JSON, with the settings below in camel case; a list
                               "registries" in place of --registry, and a list "suffixes" in place of --suffix

"install" copies the executable to DIRECTORY/bin, and the files to DIRECTORY, where only root may read them.

Options:
  --registry HOST[:PORT][/PATH]  a registry to log in to; can be repeated
  --suffix .HOST[:PORT]        the suffix of a server, whose registries NAME.HOST are all logged in to; can be repeated
  --auth MODE                  service-account (default), managed-identity or service-principal
  --client-id ID               the client id of the application or the managed identity  [AZURE_CLIENT_ID]
  --tenant-id ID               the tenant of the application  [AZURE_TENANT_ID]
  --client-secret-file FILE    a file with the secret of the service principal  [ACRUX_CLIENT_SECRET has the secret]
  --certificate-file FILE      a PEM file with the key and the certificate  [AZURE_CLIENT_CERTIFICATE_PATH]
  --authority-host URL         the identity provider, unless the registry provides it  [AZURE_AUTHORITY_HOST]
  --ca-file FILE               the certificate authority of the registry, as PEM
  --login-scope SCOPE          registry (default): one login for the registry; repository: a login that can only pull
                               from the repository of the image
  --cache-duration TIME        how long the kubelet keeps a login at most, such as 10m (default)
  --debug                      write requests to standard error, without secrets
  --version                    print the version

Examples:
  acrux-credential-provider --registry registry.example.com --ca-file /etc/acrux/ca.pem
  acrux-credential-provider --registry registry.example.com --auth managed-identity
  acrux-credential-provider /etc/acrux/credential-provider.yaml

Exit codes:
  0  the response was printed
  1  the login failed, or the request is malformed
  2  wrong settings
`
