import type { Fault } from '../fault.ts'

/** Faults in the command line, in the programs that clients run, and in what the portal's server sends on. */
export const clientFaults: readonly Fault[] = [
  {
    what: 'The credential helper gives a token to a host that begins with a registry',
    file: 'cli/src/credential-helper/registries.ts',
    find: '.find((each) => each.loginServer === loginServer)\n  if (recorded',
    replace: '.find((each) => loginServer.startsWith(each.loginServer))\n  if (recorded',
    tests: ['cli/src/credential-helper/registries.test.ts'],
  },
  {
    what: 'The suffix of a cloud needs no dot',
    file: 'cli/src/account/clouds.ts',
    find: "suffix.startsWith('.') && ",
    replace: '',
    tests: ['cli/src/credential-helper/registries.test.ts'],
  },
  {
    what: 'A repeated slash avoids the second authentication of the portal',
    file: 'server/src/portal-host/api/step-up.ts',
    find: "    .replaceAll(/\\/{2,}/g, '/')\n",
    replace: '',
    tests: ['server/src/portal-host/api/step-up.test.ts'],
  },
  {
    what: 'ARM accepts control characters',
    file: 'server/src/management/arm/body.ts',
    find: 'if (!isPlainDocument(value))',
    replace: 'if (false)',
    tests: ['test/clients/control-characters.test.ts'],
  },
  {
    what: 'A server describes another server',
    file: 'cli/src/account/cloud-metadata.ts',
    find: '  requireSameOrigin(asked, resourceManager)\n',
    replace: '',
    tests: ['cli/src/account/cloud-metadata.test.ts'],
  },
]
