/** The modules of the server. */
export type Module =
  | 'standards'
  | 'platform'
  | 'configuration'
  | 'storage'
  | 'audit'
  | 'resources'
  | 'directory'
  | 'graph'
  | 'identity'
  | 'upstream'
  | 'sign-in'
  | 'access'
  | 'registry'
  | 'token-service'
  | 'management'
  | 'backup'

/**
 * The modules that each module may import. A module imports only modules that stand above it in this table, so there are
 * no cycles.
 */
export const modules: Readonly<Record<Module, readonly Module[]>> = {
  standards: [],
  platform: ['standards'],
  configuration: ['standards', 'platform'],
  storage: ['standards', 'platform'],
  audit: ['standards', 'platform'],
  resources: ['standards', 'platform', 'audit'],
  directory: ['standards', 'platform', 'audit'],
  graph: ['standards', 'platform', 'audit', 'directory'],
  identity: ['standards', 'platform', 'audit', 'directory'],
  upstream: ['standards', 'platform', 'directory'],
  'sign-in': ['standards', 'platform', 'audit', 'directory', 'identity', 'upstream'],
  access: ['standards', 'platform', 'audit'],
  registry: ['standards', 'platform', 'storage', 'audit'],
  'token-service': ['standards', 'platform', 'audit', 'resources', 'identity', 'directory', 'access'],
  management: [
    'standards',
    'platform',
    'storage',
    'audit',
    'resources',
    'directory',
    'identity',
    'access',
    'registry',
    'token-service',
  ],
  backup: ['standards', 'platform', 'storage', 'audit', 'registry'],
}

/** The modules without an entry point: import the file. */
export const openModules: readonly Module[] = ['standards', 'platform']
