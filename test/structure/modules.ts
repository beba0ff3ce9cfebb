/** One module of a program: a folder of its `src`. */
export type ModuleRow = {
  /** The modules that it may import, in addition to the open ones, which every module of the program may import. */
  readonly imports: readonly string[] | 'all'
  /**
   * Its submodules, which are its folders, and the submodules that each may import. Files beside the folders may import
   * every submodule; a submodule imports none of these files.
   */
  readonly submodules: Readonly<Record<string, readonly string[]>>
  /** Packages of the repository that only some of its submodules may import, besides those of the program. */
  readonly packages?: Readonly<Record<string, readonly string[]>>
}

/** One program: a folder of the repository with a `src`. */
export type ProgramRow = {
  /** The packages of the repository that it may import, such as `@acrux/shared`. No program imports a file of another one. */
  readonly packages: readonly string[]
  /** The modules that have no entry point, and that every module may import; `all` if no module has an entry point. */
  readonly open: readonly string[] | 'all'
  readonly modules: Readonly<Record<string, ModuleRow>>
}

/** What two or more programs use: pure functions, without I/O, clock or state. */
const shared: Readonly<Record<string, ModuleRow>> = {
  standards: {
    imports: [],
    submodules: { http: [], oci: ['http'], azure: ['http', 'oci'], oauth: ['oci'], conditions: ['azure'] },
  },
  reports: { imports: ['standards'], submodules: {} },
  texts: { imports: [], submodules: {} },
  wire: { imports: [], submodules: {} },
  permissions: { imports: ['standards', 'texts', 'wire'], submodules: {} },
}

const server: Readonly<Record<string, ModuleRow>> = {
  platform: {
    imports: [],
    submodules: {
      memory: [],
      process: [],
      files: ['process'],
      limits: ['memory', 'process'],
      log: ['process', 'memory'],
      http: ['limits', 'log', 'process', 'memory'],
      metrics: ['process', 'log', 'http'],
      outbound: ['process'],
      leases: [],
      sql: ['metrics', 'process', 'files', 'leases', 'limits'],
      jobs: ['sql', 'files', 'process'],
      keys: ['process', 'memory', 'sql', 'limits', 'files'],
      tls: ['files', 'process', 'limits', 'log', 'sql', 'keys'],
      acme: ['process', 'log', 'files', 'outbound', 'sql', 'keys', 'tls'],
    },
  },
  configuration: { imports: [], submodules: {} },
  storage: {
    imports: [],
    submodules: {
      contract: [],
      transfer: ['contract'],
      filesystem: ['contract', 'transfer'],
      memory: ['contract', 'transfer'],
      objects: ['contract', 'transfer'],
      'azure-blob': ['contract', 'objects'],
      s3: ['contract', 'objects'],
    },
  },
  audit: {
    imports: [],
    submodules: { log: [], chain: ['log'], search: ['log', 'chain'], webhooks: ['log', 'chain'] },
  },
  resources: { imports: ['audit'], submodules: {} },
  installation: { imports: ['storage', 'audit', 'resources'], submodules: {} },
  directory: {
    imports: ['audit'],
    submodules: {
      principals: [],
      external: ['principals'],
      people: ['principals', 'external'],
      groups: ['principals'],
      applications: ['principals'],
      workloads: ['principals'],
    },
  },
  credentials: {
    imports: ['audit', 'directory'],
    submodules: {
      records: [],
      secrets: ['records'],
      certificates: ['records'],
      federation: ['records'],
      'one-time-codes': ['records'],
      machines: ['records', 'one-time-codes'],
      'security-events': ['records'],
      'second-factors': ['records', 'one-time-codes', 'security-events'],
      'sign-ins': ['records', 'second-factors'],
      passwords: ['records', 'one-time-codes', 'security-events', 'second-factors', 'sign-ins'],
      standing: ['records'],
    },
  },
  graph: {
    imports: ['audit', 'directory', 'credentials'],
    submodules: { protocol: [], applications: ['protocol'], people: ['protocol'] },
  },
  issuers: {
    imports: ['audit', 'directory', 'credentials'],
    submodules: { keys: [], federated: ['keys'], 'trusted-tenants': ['keys'], upstream: [] },
  },
  identity: {
    imports: ['audit', 'directory', 'credentials', 'issuers'],
    submodules: {
      tokens: [],
      machines: ['tokens'],
      grants: ['tokens', 'machines'],
      provider: ['tokens', 'machines', 'grants'],
    },
  },
  'sign-in': {
    imports: ['audit', 'directory', 'credentials', 'issuers', 'identity'],
    submodules: {
      pages: [],
      sessions: [],
      passkeys: ['sessions'],
      flow: ['pages', 'sessions', 'passkeys'],
      endpoints: ['pages', 'sessions', 'flow'],
      authentication: ['pages', 'sessions', 'passkeys', 'flow'],
      account: ['pages', 'sessions', 'flow', 'authentication'],
    },
  },
  authorization: {
    imports: ['audit', 'resources', 'directory'],
    submodules: {
      rights: [],
      conditions: [],
      roles: ['rights', 'conditions'],
      'scope-maps': ['rights'],
      'anonymous-access': ['rights', 'scope-maps'],
      'scoped-tokens': ['rights', 'scope-maps'],
      decisions: ['rights', 'roles', 'scope-maps', 'scoped-tokens'],
    },
  },
  registry: {
    imports: ['storage', 'audit'],
    submodules: {
      rows: [],
      protocol: [],
      attached: ['rows', 'protocol'],
      repositories: ['rows', 'protocol'],
      deletion: ['rows', 'protocol', 'attached', 'repositories'],
      integrity: ['rows', 'repositories'],
      quotas: ['rows', 'protocol', 'repositories'],
      blobs: ['rows', 'protocol', 'repositories', 'integrity', 'quotas'],
      uploads: ['rows', 'protocol', 'repositories', 'quotas', 'blobs'],
      manifests: ['rows', 'protocol', 'attached', 'repositories', 'deletion', 'integrity', 'quotas', 'blobs'],
      properties: ['rows', 'protocol', 'attached', 'repositories', 'deletion', 'quotas', 'manifests'],
      retention: ['rows', 'protocol', 'repositories', 'deletion', 'quotas', 'blobs', 'manifests', 'properties'],
      bulk: ['protocol', 'repositories', 'manifests', 'properties', 'retention'],
      reports: ['rows'],
      garbage: ['rows', 'deletion', 'blobs', 'uploads', 'reports'],
      scrub: ['rows', 'integrity', 'manifests', 'reports', 'garbage'],
    },
  },
  imports: { imports: ['storage', 'audit', 'registry'], submodules: {} },
  'token-service': {
    imports: ['audit', 'resources', 'directory', 'credentials', 'issuers', 'identity', 'authorization', 'registry'],
    submodules: {
      limits: [],
      tokens: [],
      denials: ['tokens'],
      endpoint: ['limits', 'tokens', 'denials'],
      gate: ['limits', 'tokens', 'denials'],
    },
  },
  management: {
    imports: [
      'storage',
      'audit',
      'resources',
      'directory',
      'credentials',
      'issuers',
      'identity',
      'authorization',
      'registry',
      'imports',
      'token-service',
    ],
    submodules: {
      arm: [],
      registries: ['arm'],
      identities: ['arm'],
      roles: ['arm', 'registries', 'identities'],
      server: ['arm', 'registries'],
    },
  },
  'portal-host': {
    imports: ['audit'],
    submodules: { files: [], sessions: ['files'], api: ['files', 'sessions'] },
  },
  openapi: { imports: [], submodules: {} },
  workers: { imports: ['audit', 'registry'], submodules: {} },
  operations: {
    imports: ['storage', 'audit', 'resources', 'directory', 'credentials', 'authorization', 'registry', 'installation'],
    submodules: { backup: [], relocation: [], scrub: [], keys: [], owners: [], monitoring: [], jobs: [] },
  },
  // The local ACR for tests. Nothing of it is loaded by `acrux serve`.
  emulator: {
    imports: [
      'configuration',
      'storage',
      'audit',
      'resources',
      'installation',
      'directory',
      'credentials',
      'issuers',
      'identity',
      'authorization',
      'registry',
      'imports',
      'token-service',
      'management',
      'operations',
    ],
    submodules: {
      authority: [],
      clock: [],
      seed: [],
      'workload-tokens': [],
      records: [],
      faults: ['records'],
      state: [],
      realism: ['records'],
      observer: ['records', 'faults', 'realism'],
      control: ['clock', 'seed', 'workload-tokens', 'observer', 'faults', 'state'],
    },
  },
  // It wires the modules, so it imports all of them. Only main.ts and tests import it.
  compose: {
    imports: 'all',
    submodules: {
      hosts: [],
      state: ['hosts'],
      modules: ['state', 'hosts'],
      surfaces: ['modules'],
      jobs: ['state', 'modules', 'hosts'],
      workers: ['state', 'modules', 'hosts'],
    },
  },
}

/** The pages. A view is a folder, or a family of views is. Only `api` sends requests, and only `routes` knows all views. */
const portal: Readonly<Record<string, ModuleRow>> = {
  api: { imports: [], submodules: {} },
  components: {
    imports: ['api'],
    submodules: {
      texts: [],
      elements: ['texts'],
      shell: ['texts', 'elements'],
      table: ['texts', 'elements'],
      charts: ['texts', 'elements', 'table'],
      registries: ['texts', 'elements', 'table'],
      identities: ['texts', 'elements', 'table', 'registries'],
    },
  },
  views: {
    imports: ['api', 'components'],
    submodules: {
      'access-control': [],
      'access-keys': [],
      applications: [],
      deleted: [],
      events: [],
      denial: ['access-control', 'events'],
      registry: [],
      audit: ['denial', 'events', 'registry'],
      groups: [],
      import: [],
      'managed-identities': [],
      people: [],
      policies: [],
      providers: [],
      repositories: ['registry'],
      repository: ['registry', 'repositories'],
      manifest: ['repositories', 'repository'],
      search: ['repositories'],
      home: ['search'],
      server: ['events'],
      'sign-in': [],
      tokens: ['access-control'],
      uploads: [],
    },
  },
  routes: { imports: ['api', 'components', 'views'], submodules: {} },
}

/** The command line. `framework` knows no server, `clients` sends requests, `resources` has a folder for each family of commands. */
const cli: Readonly<Record<string, ModuleRow>> = {
  framework: {
    imports: [],
    packages: { '@acrux/server/durable-file': ['files'] },
    submodules: {
      environment: [],
      terminal: [],
      command: ['terminal'],
      values: ['command'],
      output: ['terminal', 'command', 'values'],
      options: ['command', 'values'],
      files: ['command'],
      profile: ['values', 'files'],
      parser: ['environment', 'terminal', 'command', 'output'],
    },
  },
  clients: {
    imports: ['framework'],
    submodules: {
      http: [],
      tokens: ['http'],
      session: ['http', 'tokens'],
      servers: ['http', 'session'],
      arm: ['http', 'tokens', 'session'],
      graph: ['http', 'session', 'arm'],
      registry: ['http', 'tokens', 'session', 'arm'],
    },
  },
  resources: {
    imports: ['framework', 'clients'],
    // The commands that run a server, work on its files, or need one of its tools on the machine of a user.
    packages: {
      '@acrux/server': ['acr', 'audit', 'backup', 'emulator', 'master-key', 'migrate', 'owner', 'scrub', 'serve'],
      '@acrux/server/emulator': ['emulator'],
      '@acrux/server/configuration': ['data-dir', 'health', 'migrate'],
      '@acrux/server/control-channel': ['health'],
      '@acrux/server/durable-file': ['credential-helper', 'credential-provider', 'env', 'trust'],
      '@acrux/server/issue-certificate': ['ad'],
    },
    submodules: {
      completion: [],
      'credential-provider': [],
      'data-dir': [],
      group: [],
      identity: [],
      'identity-endpoint': [],
      role: [],
      rotation: [],
      trust: [],
      version: [],
      audit: ['data-dir'],
      backup: ['data-dir'],
      health: ['data-dir'],
      'master-key': ['data-dir'],
      migrate: ['data-dir'],
      owner: ['data-dir'],
      serve: ['data-dir'],
      emulator: ['serve'],
      run: ['emulator'],
      scrub: ['data-dir', 'audit'],
      'credential-helper': ['trust'],
      doctor: ['trust'],
      account: ['credential-helper'],
      cloud: ['credential-helper'],
      login: ['credential-helper', 'data-dir', 'owner'],
      env: ['cloud'],
      ad: ['role', 'rotation'],
      acr: [
        'ad',
        'audit',
        'credential-helper',
        'credential-provider',
        'data-dir',
        'doctor',
        'identity',
        'role',
        'rotation',
      ],
    },
  },
  // It loads every command. Beside it, only main.ts and called-as.ts import the others.
  table: { imports: ['framework', 'resources'], submodules: {} },
}

/** `acrux/testing`, a package for the tests of users: it starts the emulator as a process. */
const testing: Readonly<Record<string, ModuleRow>> = {
  api: { imports: [], submodules: {} },
  wire: { imports: ['api'], submodules: {} },
  process: { imports: ['api', 'wire'], submodules: {} },
  members: { imports: ['api', 'wire'], submodules: {} },
}

/** The modules of all programs. A module or submodule imports only what stands above it in its table or row: there are no cycles. */
export const programs: Readonly<Record<string, ProgramRow>> = {
  shared: { packages: [], open: 'all', modules: shared },
  server: { packages: ['@acrux/shared'], open: ['platform'], modules: server },
  portal: { packages: ['@acrux/shared'], open: 'all', modules: portal },
  cli: { packages: ['@acrux/shared'], open: 'all', modules: cli },
  testing: { packages: ['@acrux/shared'], open: 'all', modules: testing },
}
