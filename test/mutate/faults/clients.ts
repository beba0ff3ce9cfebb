import type { Fault } from '../fault.ts'

/** Faults in the command line, in the programs that clients run, in the portal's server, and in what they may do. */
export const clientFaults: readonly Fault[] = [
  {
    what: 'The credential helper gives a token to a host that begins with a registry',
    file: 'cli/src/resources/credential-helper/registries.ts',
    find: '.find((each) => each.loginServer === loginServer)\n  if (recorded',
    replace: '.find((each) => loginServer.startsWith(each.loginServer))\n  if (recorded',
    tests: ['cli/src/resources/credential-helper/registries.test.ts'],
  },
  {
    what: 'The suffix of a cloud needs no dot',
    file: 'cli/src/framework/profile/clouds.ts',
    find: "suffix.startsWith('.') && ",
    replace: '',
    tests: ['cli/src/resources/credential-helper/registries.test.ts'],
  },
  {
    what: 'The cookie of a session of the portal is sent with links of other sites',
    file: 'server/src/portal-host/sessions/portal-cookies.ts',
    find: 'strict.write(session, id)',
    replace: 'lax.write(session, id)',
    tests: ['server/src/portal-host/sessions/portal-cookies.test.ts'],
  },
  {
    what: 'The portal uses a token until it expires',
    file: 'server/src/portal-host/sessions/token-cache.ts',
    find: '?? 0) * 1000 - renewBeforeMs',
    replace: '?? 0) * 1000',
    tests: ['server/src/portal-host/sessions/token-cache.test.ts'],
  },
  {
    what: 'The portal ignores the maximum age of a token',
    file: 'server/src/portal-host/sessions/token-cache.ts',
    find: 'clock.now() + maxAgeMs',
    replace: 'Infinity',
    tests: ['server/src/portal-host/sessions/token-cache.test.ts'],
  },
  {
    what: 'A device code is redeemed after the public flows of its application were disabled',
    file: 'server/src/identity/grants/device-code-grant.ts',
    find: '    requirePublicFlows(caller)\n',
    replace: '',
    tests: ['server/src/identity/provider/registered-clients.test.ts'],
  },
  {
    what: 'A role with a condition permits an action everywhere',
    file: 'server/src/authorization/roles/role-union.ts',
    find: "grantOf(role, need) === 'allows')",
    replace: "!String(grantOf(role, need)).includes('-'))",
    tests: ['server/src/authorization/roles/role-union.test.ts'],
  },
  {
    what: 'A route of ARM or Graph does not ask for the second authentication of the portal',
    file: 'server/src/platform/http/surface.ts',
    find: '        await requireStepUp(request.raw, route)\n',
    replace: '',
    tests: ['server/src/compose/portal-attacks.test.ts'],
  },
  {
    what: 'ARM accepts control characters',
    file: 'server/src/management/arm/body.ts',
    find: 'if (!isPlainDocument(value))',
    replace: 'if (false)',
    tests: ['test/clients/control-characters.test.ts'],
    only: 'no text of a request of ARM or Graph that is shown later',
  },
  {
    what: 'A server describes another server',
    file: 'cli/src/clients/servers/cloud-metadata.ts',
    find: '  requireSameOrigin(asked, resourceManager)\n',
    replace: '',
    tests: ['cli/src/clients/servers/cloud-metadata.test.ts'],
  },
]
