import { odataText } from '@acrux/shared/standards/azure/odata-text.ts'
import { graph, orFailed } from '../../../clients/graph/graph.ts'
import { requireAccount } from '../../../clients/session/account.ts'
import { defineCommand } from '../../../framework/command/command.ts'
import {
  type GenericFlags,
  applyChanges,
  genericChanges,
  genericFlags,
} from '../../../framework/options/generic-update.ts'
import {
  type ListFlags,
  type ObjectFlags,
  applicationFlag,
  applicationPath,
  listFlags,
  listObjects,
  objectTable,
} from '../objects.ts'
import { createApplication } from './create-application.ts'
import { type ApplicationFlags, applicationBody, applicationFlags } from './properties.ts'

type ListApplicationsFlags = ListFlags & { readonly appId?: string; readonly identifierUri?: string }

/** `acrux ad app list`. */
export const listApplications = defineCommand<ListApplicationsFlags>({
  flags: [
    ...listFlags,
    { flags: '--app-id <id>', description: 'list only the application with this application id' },
    { flags: '--identifier-uri <uri>', description: 'list only the application with this identifier URI' },
  ],
  examples: ['acrux ad app list --all -o table', 'acrux ad app list --display-name ci'],
  table: objectTable,
  run: (flags, context) =>
    orFailed(async () => {
      const { appId, identifierUri } = flags
      const filters = [
        appId === undefined ? undefined : `appId eq ${odataText(appId)}`,
        identifierUri === undefined ? undefined : `identifierUris/any(s:s eq ${odataText(identifierUri)})`,
      ]
      return listObjects(await requireAccount(context), 'applications', { flags, filters, warn: context.log.warning })
    }),
})

/** `acrux ad app show`. */
export const showApplication = defineCommand<ObjectFlags>({
  flags: [applicationFlag],
  examples: ['acrux ad app show --id 6f1d8c1e-1f0f-4d0e-9c53-0d1f6d4f2b11'],
  run: async ({ id }, context) => {
    const account = await requireAccount(context)
    return graph(account, 'GET', await applicationPath(account, id))
  },
})

/** `acrux ad app create`. */
export const createNamedApplication = defineCommand<ApplicationFlags & { readonly displayName: string }>({
  flags: applicationFlags.map((flag) =>
    flag.flags.startsWith('--display-name') ? { ...flag, required: true as const } : flag,
  ),
  examples: ['acrux ad app create --display-name ci'],
  run: (flags, context) =>
    orFailed(async () => {
      const { displayName } = flags
      return createApplication(context, await requireAccount(context), {
        displayName,
        body: await applicationBody(flags),
      })
    }),
})

/** `acrux ad app update`. */
export const updateApplication = defineCommand<ObjectFlags & ApplicationFlags & GenericFlags>({
  flags: [applicationFlag, ...applicationFlags, ...genericFlags],
  examples: [
    'acrux ad app update --id 6f1d8c1e-1f0f-4d0e-9c53-0d1f6d4f2b11 --web-redirect-uris https://app.example.com/callback',
  ],
  run: (flags, context) =>
    orFailed(async () => {
      const account = await requireAccount(context)
      const path = await applicationPath(account, flags.id)
      const body = await applicationBody(flags)
      applyChanges(body, genericChanges(), flags)
      await graph(account, 'PATCH', path, body)
    }),
})

/** `acrux ad app delete`. */
export const deleteApplication = defineCommand<ObjectFlags>({
  flags: [applicationFlag],
  examples: ['acrux ad app delete --id 6f1d8c1e-1f0f-4d0e-9c53-0d1f6d4f2b11'],
  run: ({ id }, context) =>
    orFailed(async () => {
      const account = await requireAccount(context)
      await graph(account, 'DELETE', await applicationPath(account, id))
    }),
})
