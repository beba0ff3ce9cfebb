/** The modules of the server. */
export type Module =
  | 'spec'
  | 'platform'
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
  spec: [],
  platform: ['spec'],
  storage: ['spec', 'platform'],
  audit: ['spec', 'platform'],
  resources: ['spec', 'platform', 'audit'],
  directory: ['spec', 'platform', 'audit'],
  graph: ['spec', 'platform', 'audit', 'directory'],
  identity: ['spec', 'platform', 'audit', 'directory'],
  upstream: ['spec', 'platform', 'directory'],
  'sign-in': ['spec', 'platform', 'audit', 'directory', 'identity', 'upstream'],
  access: ['spec', 'platform', 'audit'],
  registry: ['spec', 'platform', 'storage', 'audit'],
  'token-service': ['spec', 'platform', 'audit', 'resources', 'identity', 'directory', 'access'],
  management: [
    'spec',
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
  backup: ['spec', 'platform', 'storage', 'audit', 'registry'],
}

/** The modules without an entry point: import the file. */
export const openModules: readonly Module[] = ['spec', 'platform']
