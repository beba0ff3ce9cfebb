/** The clients that read variables. */
export const clients = ['az', 'docker', 'podman', 'sdk'] as const

/** A client of {@link clients}. */
export type Client = (typeof clients)[number]

/** The values from which the variables are built. */
export type Facts = {
  /** Without a slash at the end. */
  readonly resourceManager: string
  readonly authorityHost: string
  /** The files of the server's own authority. Undefined if the system trusts the server. */
  readonly authority: AuthorityFiles | undefined
  /** The configuration directory of az for this server only. */
  readonly azureConfigDir: string
  /** The tenant of the account that is signed in. */
  readonly tenantId: string | undefined
}

/** Files of certificate authorities in PEM. */
export type AuthorityFiles = {
  /** The authority of the server alone. */
  readonly own: string
  /** The authority of the server, after the authorities that this machine trusts. */
  readonly bundle: string
}

type Variable = readonly [name: string, value: (facts: Facts) => string | undefined]

const goTrust: Variable = ['SSL_CERT_FILE', ({ authority }) => authority?.bundle]
const pythonTrust: Variable = ['REQUESTS_CA_BUNDLE', ({ authority }) => authority?.bundle]

const variables: Readonly<Record<Client, readonly Variable[]>> = {
  // In a separate directory, az keeps the clouds and sign-ins of the server apart from Azure. [az-cli-wire §1, form D]
  az: [
    ['AZURE_CONFIG_DIR', ({ azureConfigDir }) => azureConfigDir],
    ['ARM_CLOUD_METADATA_URL', ({ resourceManager }) => `${resourceManager}/metadata/endpoints?api-version=2019-05-01`],
    ['AZURE_CORE_INSTANCE_DISCOVERY', () => 'false'],
    pythonTrust,
    goTrust,
  ],
  docker: [['DOCKER_COMMAND', () => 'docker'], goTrust],
  // az acr login stops at every warning of podman. [az-cli-wire §0]
  podman: [['DOCKER_COMMAND', () => 'podman'], ['PODMAN_IGNORE_CGROUPSV1_WARNING', () => '1'], goTrust],
  sdk: [
    ['AZURE_AUTHORITY_HOST', ({ authorityHost }) => authorityHost],
    ['AZURE_TENANT_ID', ({ tenantId }) => tenantId],
    ['NODE_EXTRA_CA_CERTS', ({ authority }) => authority?.own],
    pythonTrust,
    goTrust,
  ],
}

/** The variables of a client, with their values. */
export function variablesOf(client: Client, facts: Facts): Readonly<Record<string, string>> {
  const values = variables[client].flatMap(([name, value]) => {
    const text = value(facts)
    return text === undefined ? [] : [[name, text] as const]
  })
  return Object.fromEntries(values)
}

/** The names of all variables that {@link variablesOf} may set. */
export function variableNames(client: Client): readonly string[] {
  return variables[client].map(([name]) => name)
}
