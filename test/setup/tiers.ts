import { globSync } from 'node:fs'

/** The files of the tests beside the code. */
export const besideTheCode = [
  'shared/src/**/*.test.ts',
  'server/src/**/*.test.ts',
  'cli/src/**/*.test.ts',
  'portal/src/**/*.test.ts',
  'testing/src/**/*.test.ts',
]

/**
 * The black-box files that `npm test` runs, in addition to the tests beside the code. `npm run test:all` runs every file. A file
 * belongs here if it shows that a surface, a client or a part of the product works at all, and takes less than about ten seconds of a
 * processor.
 */
export const inNpmTest = {
  /** One file for each surface of the server: each folder of `server/src` that has a `surface.ts`. */
  surfaces: {
    graph: 'test/surfaces/directory.test.ts',
    identity: 'test/surfaces/identity-provider.test.ts',
    management: 'test/surfaces/resources.test.ts',
    'portal-host': 'test/browser/portal.test.ts',
    registry: 'test/conformance/oci.test.ts',
    'sign-in': 'test/surfaces/second-factors.test.ts',
    'token-service': 'test/faults/access-narrowing.test.ts',
  },
  /** One file for each client: each program that a test requires and that speaks to the server, and each package of an SDK. */
  clients: {
    '@azure/arm-containerregistry': 'test/clients/arm-sdk.test.ts',
    '@azure/container-registry': 'test/clients/azure-sdk.test.ts',
    acr: 'test/clients/acr-cli.test.ts',
    'acr-credential-provider': 'test/clients/aks-credential-provider.test.ts',
    acrux: 'test/clients/acrux-create-for-rbac.test.ts',
    az: 'test/clients/az-acr-login.test.ts',
    buildah: 'test/clients/buildah.test.ts',
    chromium: 'test/browser/portal.test.ts',
    containerd: 'test/clients/containerd.test.ts',
    cosign: 'test/clients/cosign.test.ts',
    crane: 'test/clients/crane.test.ts',
    ctr: 'test/clients/containerd.test.ts',
    docker: 'test/clients/docker.test.ts',
    dockerd: 'test/clients/docker.test.ts',
    helm: 'test/clients/helm.test.ts',
    kubelet: 'test/clients/credential-provider.test.ts',
    oras: 'test/clients/oras.test.ts',
    podman: 'test/clients/podman.test.ts',
    regctl: 'test/clients/regctl.test.ts',
    skopeo: 'test/clients/skopeo.test.ts',
  },
  /** The main flows of the portal, and a sign-in, in a browser. */
  portal: ['test/browser/portal.test.ts', 'test/browser/page-application.test.ts', 'test/browser/sign-in.test.ts'],
  /** The distribution specification, request by request. */
  conformance: ['test/conformance/oci.test.ts'],
  /** What all other tests stand on: a start, a stop, permissions, a revocation, the stores on PostgreSQL. */
  basics: [
    'test/postgres/replicas.test.ts',
    'test/rights/conditions.test.ts',
    'test/rights/revocation.test.ts',
    'test/rights/scoped-tokens.test.ts',
    'test/serve/log.test.ts',
    'test/serve/several-registries.test.ts',
    'test/surfaces/docs.test.ts',
    'test/testing-api/user-tests.test.ts',
    'test/surfaces/denied-routes.test.ts',
  ],
  /** Tests of the repository itself: they start no server. */
  repository: [
    'test/bench/*.test.ts',
    'test/browser/portal-changes.test.ts',
    'test/compile-cache.test.ts',
    'test/docs.test.ts',
    'test/mutate/*.test.ts',
    'test/secret-arguments.test.ts',
    'test/setup/!(start).test.ts',
    'test/soak/*.test.ts',
    'test/structure/*.test.ts',
    'test/testing-api/package-name.test.ts',
    'test/texts.test.ts',
  ],
}

/** Every test file, from the root of the repository. */
export function allFiles(): string[] {
  return globSync([...besideTheCode, 'test/**/*.test.ts']).sort()
}

function npmTestFiles(): string[] {
  const { surfaces, clients, ...lists } = inNpmTest
  const named = [...Object.values(surfaces), ...Object.values(clients), ...Object.values(lists).flat()]
  return [...new Set(globSync([...besideTheCode, ...named]))].sort()
}

/**
 * The files of a tier: `beside` has the tests beside the code, `main` is what `npm test` runs, `rest` has all other files, and `none` has
 * no file.
 */
export function filesOf(tier: string): string[] {
  switch (tier) {
    case 'all':
      return allFiles()
    case 'main':
      return npmTestFiles()
    case 'rest': {
      const before = new Set(npmTestFiles())
      return allFiles().filter((file) => !before.has(file))
    }
    case 'beside':
      return globSync(besideTheCode).sort()
    case 'none':
      return []
    default:
      throw new Error(`there is no tier ${tier}`)
  }
}
