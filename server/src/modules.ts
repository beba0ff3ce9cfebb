/** One module of the server. */
export type ModuleRow = {
  /** The modules that it may import, besides `standards` and `platform`, which every module may import. */
  readonly imports: readonly string[]
  /**
   * Its submodules, which are its folders, and the submodules that each may import. Files beside the folders may import
   * every submodule; a submodule imports none of these files.
   */
  readonly submodules: Readonly<Record<string, readonly string[]>>
}

/**
 * The modules of the server. A module imports only modules that stand above it in this table, and a submodule only
 * submodules that stand above it in its row, so there are no cycles.
 */
export const modules: Readonly<Record<string, ModuleRow>> = {
  standards: {
    imports: [],
    submodules: { http: [], oci: ['http'], azure: ['http', 'oci'], oauth: ['oci'], conditions: ['azure'] },
  },
  platform: {
    imports: ['standards'],
    submodules: {
      jobs: [],
      memory: [],
      process: [],
      files: ['process'],
      limits: ['memory', 'process'],
      log: ['process', 'memory'],
      http: ['limits', 'log', 'process', 'memory'],
      metrics: ['process', 'log', 'http'],
      outbound: ['process'],
      sql: ['metrics', 'process'],
      keys: ['process', 'memory', 'sql', 'limits', 'files'],
      tls: ['files', 'process', 'log'],
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
    },
  },
  audit: {
    imports: [],
    submodules: { log: [], chain: ['log'], search: ['log', 'chain'], webhooks: ['log', 'chain'] },
  },
  resources: { imports: ['audit'], submodules: {} },
  directory: { imports: ['audit'], submodules: {} },
  graph: {
    imports: ['audit', 'directory'],
    submodules: { surface: [], applications: ['surface'], people: ['surface'] },
  },
  identity: { imports: ['audit', 'directory'], submodules: {} },
  upstream: { imports: ['directory'], submodules: {} },
  'sign-in': { imports: ['audit', 'directory', 'identity', 'upstream'], submodules: {} },
  access: {
    imports: ['audit'],
    submodules: {
      rights: [],
      conditions: [],
      roles: ['rights', 'conditions'],
      'scope-maps': ['rights'],
      'anonymous-access': ['rights', 'scope-maps'],
      'scoped-tokens': ['rights', 'scope-maps'],
    },
  },
  registry: { imports: ['storage', 'audit'], submodules: {} },
  'token-service': {
    imports: ['audit', 'resources', 'directory', 'identity', 'access', 'registry'],
    submodules: {
      limits: [],
      tokens: [],
      denials: ['tokens'],
      endpoint: ['limits', 'tokens', 'denials'],
      gate: ['limits', 'tokens', 'denials'],
    },
  },
  decisions: { imports: ['audit', 'resources', 'directory', 'access'], submodules: {} },
  management: {
    imports: [
      'storage',
      'audit',
      'resources',
      'directory',
      'identity',
      'access',
      'registry',
      'token-service',
      'decisions',
    ],
    submodules: {
      arm: [],
      registries: ['arm'],
      identities: ['arm'],
      roles: ['arm', 'registries', 'identities'],
      server: ['arm', 'registries'],
    },
  },
  backup: { imports: ['storage', 'audit', 'registry'], submodules: {} },
}

/** The modules without an entry point: import the file. */
export const openModules: readonly string[] = ['standards', 'platform']
