/** A variable of the environment that the commands for clients read. */
type ClientVariable = { readonly name: string; readonly description: string }

/** The variables of the commands for clients, for the reference. The variables of `acrux serve` are its settings. */
export const clientVariables: readonly ClientVariable[] = [
  {
    name: 'ACRUX_CONFIG_DIR',
    description:
      'the directory that contains the profile and the stored credentials. Default: $XDG_CONFIG_HOME/acrux, or ~/.config/acrux',
  },
  { name: 'ACRUX_CLIENT_SECRET', description: 'the secret of a service principal, for acrux login' },
  {
    name: 'ACRUX_CLIENT_ID',
    description: 'the client id with which users sign in to a cloud that is not an Acrux server',
  },
  {
    name: 'ACRUX_SECRET_STORE',
    description: 'with the value file, secrets are stored in a file, even if the desktop has a Secret Service',
  },
  {
    name: 'ACRUX_ACCEPT_PREPARED',
    description:
      'with the value true, acrux serve completes a copy of a prepared data directory, whose keys and secrets are public. Use this variable only in tests of Acrux',
  },
  { name: 'ACRUX_LOG_LEVEL', description: 'with debug or trace, an unexpected error shows its stack trace' },
  { name: 'DOCKER_COMMAND', description: 'the container client of acrux acr login, such as podman' },
  { name: 'DOCKER_CONFIG', description: 'the directory that contains the file config.json of docker' },
  {
    name: 'AZURE_TENANT_ID',
    description:
      'with AZURE_CLIENT_ID and AZURE_CLIENT_SECRET or AZURE_FEDERATED_TOKEN_FILE: the service principal of acrux login',
  },
  { name: 'AZURE_CLIENT_ID', description: 'the application id of the service principal' },
  { name: 'AZURE_CLIENT_SECRET', description: 'the secret of the service principal' },
  { name: 'AZURE_FEDERATED_TOKEN_FILE', description: 'a file with a token of an external issuer' },
  {
    name: 'IDENTITY_ENDPOINT',
    description: 'with IDENTITY_HEADER: the endpoint of a managed identity, as in App Service',
  },
  { name: 'IDENTITY_HEADER', description: 'the value of the header that the managed identity endpoint requires' },
  { name: 'MSI_ENDPOINT', description: 'with MSI_SECRET: the endpoint of a managed identity, as in Azure ML' },
  { name: 'MSI_SECRET', description: 'the value of the header that the managed identity endpoint requires' },
  {
    name: 'AZURE_POD_IDENTITY_AUTHORITY_HOST',
    description: 'the origin of the metadata service that issues tokens of a managed identity',
  },
  { name: 'BROWSER', description: 'the program that opens the sign-in page' },
  { name: 'DISPLAY', description: 'without DISPLAY and WAYLAND_DISPLAY on Linux, acrux login shows a code instead' },
  { name: 'WAYLAND_DISPLAY', description: 'see DISPLAY' },
  { name: 'DBUS_SESSION_BUS_ADDRESS', description: 'without this variable, the Secret Service is not used' },
  { name: 'HTTPS_PROXY', description: 'the proxy for all hosts except the hosts in NO_PROXY' },
  { name: 'NODE_EXTRA_CA_CERTS', description: 'a file with additional certificate authorities' },
  {
    name: 'REQUESTS_CA_BUNDLE',
    description: 'a file with the certificate authorities that acrux trusts if acrux uses the credentials of az',
  },
  { name: 'SSL_CERT_FILE', description: "a file that replaces the system's certificate authorities" },
  { name: 'NO_COLOR', description: 'any value disables colours' },
  { name: 'TERM', description: 'the value dumb disables colours' },
  { name: 'XDG_CONFIG_HOME', description: 'see ACRUX_CONFIG_DIR' },
  {
    name: 'XDG_STATE_HOME',
    description: 'the parent of the state directory of acrux identity-endpoint. Default: ~/.local/state',
  },
]

/** The variables that scripts for CI systems read, or that `acrux` sets for the programs that it starts. `acrux` reads none of them. */
export const scriptVariables: readonly string[] = [
  'ACRUX_LOGIN_SERVER',
  'ACRUX_ID_TOKEN',
  'ACRUX_CLIENT',
  'ACRUX_SERVICE_CONNECTION_ID',
  'ACRUX_CA',
  'ACRUX_READY_FILE',
  'ACRUX_CONTROL_TOKEN',
  'ACRUX_USERNAME',
  'ACRUX_PASSWORD_NAME',
]
