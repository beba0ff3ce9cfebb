import type { Application, Directory } from '../../directory/index.ts'
import { parseGuid } from '@acrux/shared/standards/azure/guid.ts'
import { matchesRedirectUri } from '@acrux/shared/standards/oauth/redirect-uri.ts'
import { type PublicOrigin, perOrigin } from '../../platform/http/requested-origin.ts'

/** An application that signs people in. */
export type Client =
  /** A built-in public client, which runs on the person's machine without a secret. */
  | { readonly kind: 'public'; readonly clientId: string; readonly displayName: string }
  /** The portal of this server. The portal keeps its tokens on the server, and has one redirect URI. */
  | {
      readonly kind: 'portal'
      readonly clientId: string
      readonly displayName: string
      readonly redirectUri: string
    }
  /** An application in the directory. */
  | {
      readonly kind: 'registered'
      readonly clientId: string
      readonly displayName: string
      readonly application: Application
    }

/** The platform of a registered redirect URI: `web` requires the client's secret, `spa` the page's own origin. */
export type RedirectPlatform = 'web' | 'publicClient' | 'spa'

/** The client id of `acrux login`. Every Acrux server has the same. */
const acruxClientId = '8f2d7c54-3b1e-4c0a-9d76-5e0f4b7a1c23'

/** The portal as a client. Its id is the same at every Acrux server. */
export function portalClient(publicOrigin: string) {
  return {
    kind: 'portal',
    clientId: 'c1a6f0e2-54d7-4b8e-9f3a-7d20b6c9e815',
    displayName: 'Acrux portal',
    redirectUri: `${publicOrigin}/portal/signed-in`,
  } as const satisfies Client
}

/** The client ids of Acrux' own tool and of Microsoft's tools. The Azure SDKs use az's by default. [az-cli-wire §3.4] */
const wellKnownClients: readonly Client[] = [
  { kind: 'public', clientId: acruxClientId, displayName: 'Acrux CLI' },
  { kind: 'public', clientId: '04b07795-8ddb-461a-bbee-02f9e1bf7b46', displayName: 'Azure CLI' },
  { kind: 'public', clientId: '1950a258-227b-4e31-a9cf-717495945fc2', displayName: 'Azure PowerShell' },
]

/** The clients, by id. */
export type Clients = {
  /** Undefined if the client is unknown or disabled. */
  readonly find: (clientId: string) => Promise<Client | undefined>
}

/** Finds built-in clients, and applications of the directory. */
export function createClients(directory: Directory, publicOrigin: PublicOrigin): Clients {
  const builtIn = perOrigin(publicOrigin, (origin): readonly Client[] => [...wellKnownClients, portalClient(origin)])
  return {
    find: async (clientIdText) => {
      const clientId = parseGuid(clientIdText)
      if (clientId === undefined) return undefined
      const known = builtIn().find((client) => client.clientId === clientId)
      if (known !== undefined) return known
      const application = await directory.findApplication(clientId)
      if (application?.enabled !== true) return undefined
      return { kind: 'registered', clientId, displayName: application.displayName, application }
    },
  }
}

/** The platform of a redirect URI. Undefined if it is not registered. */
export function findRedirectPlatform(client: Client, redirectUri: string): RedirectPlatform | undefined {
  if (client.kind === 'portal') return redirectUri === client.redirectUri ? 'publicClient' : undefined
  if (client.kind === 'public') {
    return matchesRedirectUri('http://localhost', redirectUri, { anyPort: true }) ? 'publicClient' : undefined
  }
  const { web, spa, publicClient } = client.application.redirectUris
  if (web.includes(redirectUri)) return 'web'
  if (spa.includes(redirectUri)) return 'spa'
  return publicClient.some((registered) => matchesRedirectUri(registered, redirectUri, { anyPort: true }))
    ? 'publicClient'
    : undefined
}

/** Whether a client may sign people in by device code or password. [Entra, isFallbackPublicClient] */
export function allowsPublicFlows(client: Client): boolean {
  switch (client.kind) {
    case 'public':
      return true
    case 'portal':
      return false
    case 'registered':
      return client.application.isFallbackPublicClient
  }
}
