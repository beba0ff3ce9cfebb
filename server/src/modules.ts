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
  storage: { imports: [], submodules: {} },
  audit: { imports: [], submodules: {} },
  resources: { imports: ['audit'], submodules: {} },
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
      machines: ['records'],
      'security-events': ['records'],
      'second-factors': ['records', 'security-events'],
      'sign-ins': ['records', 'second-factors'],
      passwords: ['records', 'security-events', 'second-factors', 'sign-ins'],
      standing: ['records'],
    },
  },
  graph: { imports: ['audit', 'directory', 'credentials'], submodules: {} },
  identity: { imports: ['audit', 'directory', 'credentials'], submodules: {} },
  upstream: { imports: ['directory'], submodules: {} },
  'sign-in': { imports: ['audit', 'directory', 'credentials', 'identity', 'upstream'], submodules: {} },
  access: { imports: ['audit'], submodules: {} },
  registry: { imports: ['storage', 'audit'], submodules: {} },
  'token-service': {
    imports: ['audit', 'resources', 'directory', 'credentials', 'identity', 'access'],
    submodules: {},
  },
  management: {
    imports: [
      'storage',
      'audit',
      'resources',
      'directory',
      'credentials',
      'identity',
      'access',
      'registry',
      'token-service',
    ],
    submodules: {},
  },
  backup: { imports: ['storage', 'audit', 'registry'], submodules: {} },
}

/** The modules without an entry point: import the file. */
export const openModules: readonly string[] = ['standards', 'platform']
