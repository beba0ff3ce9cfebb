/** The shelves and rooms of the server. */
export type Room =
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
  | 'portal-host'
  | 'backup'

/**
 * Which rooms each room may import. Arrows point only up the page, so that there are no cycles. `spec` and `platform`
 * are shelves, of which any file may be taken; every other room is entered by its `index.ts`.
 */
export const rooms: Readonly<Record<Room, readonly Room[]>> = {
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
  'portal-host': ['platform'],
  backup: ['spec', 'platform', 'storage', 'audit', 'registry'],
}

/** The rooms of which any file may be imported. */
export const shelves: readonly Room[] = ['spec', 'platform']
