import type { RoleDefinition } from './model.ts'

type Permissions = {
  readonly actions?: readonly string[]
  readonly notActions?: readonly string[]
  readonly dataActions?: readonly string[]
}

const inRegistry = (actions: readonly string[]) =>
  actions.map((action) => `Microsoft.ContainerRegistry/registries/${action}`)

const onIdentities = (actions: readonly string[]) =>
  actions.map((action) => `Microsoft.ManagedIdentity/userAssignedIdentities/${action}`)

const onMachines = (actions: readonly string[]) => actions.map((action) => `Microsoft.HybridCompute/machines/${action}`)

/** The name of the role Owner. */
export const ownerRole = '8e3af657-a8ff-443c-a75c-2fe8c4bcb635'

function builtIn(name: string, roleName: string, description: string, permissions: Permissions): RoleDefinition {
  const { actions = [], notActions = [], dataActions = [] } = permissions
  return {
    name,
    roleName,
    type: 'BuiltInRole',
    description,
    assignableScopes: ['/'],
    permissions: [{ actions, notActions, dataActions, notDataActions: [] }],
  }
}

/** The roles that every tenant has, with the same ids as in Azure. [acr-protocol §9] */
export const builtInRoles: readonly RoleDefinition[] = [
  builtIn(ownerRole, 'Owner', 'Full access to all resources, including the assignment of roles.', {
    actions: ['*'],
  }),
  builtIn(
    'b24988ac-6180-42a0-ab88-20f7382dd24c',
    'Contributor',
    'Full access to all resources, except the assignment of roles.',
    {
      actions: ['*'],
      notActions: [
        'Microsoft.Authorization/*/Delete',
        'Microsoft.Authorization/*/Write',
        'Microsoft.Authorization/elevateAccess/Action',
      ],
    },
  ),
  builtIn(
    'acdd72a7-3385-48ef-bd42-f606fba81ae7',
    'Reader',
    'Read all resources, without permission to change resources.',
    {
      actions: ['*/read'],
    },
  ),
  builtIn('43d0d8ad-25c7-4714-9337-8ba259a9fe05', 'Monitoring Reader', 'Read all monitoring data.', {
    actions: ['*/read', 'Microsoft.OperationalInsights/workspaces/search/action', 'Microsoft.Support/*'],
  }),
  builtIn('18d7d88d-d35e-4fb5-a5c3-7773c20a72d9', 'User Access Administrator', 'Manage access to resources.', {
    actions: ['*/read', 'Microsoft.Authorization/*', 'Microsoft.Support/*'],
  }),
  builtIn(
    'f58310d9-a9f6-439a-9e8d-f62e7b41a168',
    'Role Based Access Control Administrator',
    'Create and delete role assignments.',
    {
      actions: [
        'Microsoft.Authorization/roleAssignments/write',
        'Microsoft.Authorization/roleAssignments/delete',
        '*/read',
        'Microsoft.Support/*',
      ],
    },
  ),
  builtIn('7f951dda-4ed3-4680-a7ca-43fe172d538d', 'AcrPull', 'acr pull', { actions: inRegistry(['pull/read']) }),
  builtIn('8311e382-0749-4cb8-b61a-304f252e45ec', 'AcrPush', 'acr push', {
    actions: inRegistry(['pull/read', 'push/write']),
  }),
  builtIn('c2f4ef07-c644-48eb-af81-4b1b4947fb11', 'AcrDelete', 'acr delete', {
    actions: inRegistry(['artifacts/delete']),
  }),
  builtIn('6cef56e8-d556-48e5-a04f-b8e64114680f', 'AcrImageSigner', 'acr image signer', {
    actions: inRegistry(['sign/write']),
    dataActions: inRegistry(['trustedCollections/write']),
  }),
  builtIn('cdda3590-29a3-44f6-95f2-9f980659eb04', 'AcrQuarantineReader', 'acr quarantine data reader', {
    actions: inRegistry(['quarantine/read']),
    dataActions: inRegistry(['quarantinedArtifacts/read']),
  }),
  builtIn('c8d4ff99-41c3-41a8-9f60-21dfdad59608', 'AcrQuarantineWriter', 'acr quarantine data writer', {
    actions: inRegistry(['quarantine/read', 'quarantine/write']),
    dataActions: inRegistry(['quarantinedArtifacts/read', 'quarantinedArtifacts/write']),
  }),
  builtIn(
    'b93aa761-3e63-49ed-ac28-beffa264f7ac',
    'Container Registry Repository Reader',
    'Read repositories, without listing the catalog.',
    { dataActions: inRegistry(['repositories/metadata/read', 'repositories/content/read']) },
  ),
  builtIn(
    '2a1e307c-b015-4ebd-883e-5b7698a07328',
    'Container Registry Repository Writer',
    'Read and write repositories, without listing the catalog.',
    {
      dataActions: inRegistry([
        'repositories/metadata/read',
        'repositories/content/read',
        'repositories/metadata/write',
        'repositories/content/write',
      ]),
    },
  ),
  builtIn(
    '2efddaa5-3f1f-4df3-97df-af3f13818f4c',
    'Container Registry Repository Contributor',
    'Read, write and delete repositories, without listing the catalog.',
    {
      dataActions: inRegistry([
        'repositories/metadata/read',
        'repositories/content/read',
        'repositories/metadata/write',
        'repositories/content/write',
        'repositories/metadata/delete',
        'repositories/content/delete',
      ]),
    },
  ),
  builtIn(
    'bfdb9389-c9a5-478a-bb2f-ba9ca092c3c7',
    'Container Registry Repository Catalog Lister',
    'List all repositories of a registry.',
    { dataActions: inRegistry(['catalog/read']) },
  ),
  builtIn(
    '3bc748fc-213d-45c1-8d91-9da5725539b9',
    'Container Registry Contributor and Data Access Configuration Administrator',
    'Create, list and change registries and the settings that grant access to data of registries, without access to the data.',
    {
      actions: inRegistry([
        'read',
        'write',
        'delete',
        'operationStatuses/read',
        'listUsages/read',
        'listCredentials/action',
        'regenerateCredential/action',
        'generateCredentials/action',
        'tokens/*',
        'scopeMaps/*',
        'replications/*',
        'webhooks/*',
        'connectedRegistries/*',
        'privateEndpointConnections/*',
        'providers/Microsoft.Insights/diagnosticSettings/*',
      ]),
    },
  ),
  builtIn(
    '69b07be0-09bf-439a-b9a6-e73de851bd59',
    'Container Registry Configuration Reader and Data Access Configuration Reader',
    'Read registries and the settings that grant access to data of registries, without access to the data.',
    {
      actions: inRegistry([
        'read',
        'operationStatuses/read',
        'listUsages/read',
        'listCredentials/action',
        'tokens/read',
        'scopeMaps/read',
        'replications/read',
        'webhooks/read',
        'connectedRegistries/read',
        'privateEndpointConnections/read',
        'providers/Microsoft.Insights/diagnosticSettings/read',
      ]),
    },
  ),
  builtIn(
    'fb382eab-e894-4461-af04-94435c366c3f',
    'Container Registry Tasks Contributor',
    'Manage tasks, runs and agent pools.',
    {
      actions: inRegistry([
        'read',
        'tasks/*',
        'runs/*',
        'agentPools/*',
        'taskruns/*',
        'scheduleRun/action',
        'listBuildSourceUploadUrl/action',
      ]),
    },
  ),
  builtIn(
    'bf94e731-3a51-4a7c-8c54-a1ab9971dfc1',
    'Container Registry Transfer Pipeline Contributor',
    'Manage import pipelines, export pipelines and pipeline runs.',
    { actions: inRegistry(['read', 'importPipelines/*', 'exportPipelines/*', 'pipelineRuns/*']) },
  ),
  builtIn(
    '577a9874-89fd-4f24-9dbd-b5034d0ad23a',
    'Container Registry Data Importer and Data Reader',
    'Import images into a registry, and list and read the repositories of the registry.',
    {
      actions: inRegistry(['importImage/action', 'read', 'pull/read']),
      dataActions: inRegistry(['repositories/content/read', 'repositories/metadata/read', 'catalog/read']),
    },
  ),
  builtIn(
    'df87f177-bb12-4db1-9793-a413691eff94',
    'Container Registry Cache Rule Administrator',
    'Create, read, change and delete cache rules.',
    { actions: inRegistry(['read', 'cacheRules/read', 'cacheRules/write', 'cacheRules/delete']) },
  ),
  builtIn('c357b964-0002-4b64-a50d-7a28f02edc52', 'Container Registry Cache Rule Reader', 'Read cache rules.', {
    actions: inRegistry(['read', 'cacheRules/read']),
  }),
  builtIn(
    'f094fb07-0703-4400-ad6a-e16dd8000e14',
    'Container Registry Credential Set Administrator',
    'Create, read, change and delete credential sets.',
    { actions: inRegistry(['read', 'credentialSets/read', 'credentialSets/write', 'credentialSets/delete']) },
  ),
  builtIn('29093635-9924-4f2c-913b-650a12949526', 'Container Registry Credential Set Reader', 'Read credential sets.', {
    actions: inRegistry(['read', 'credentialSets/read']),
  }),
  builtIn(
    'e40ec5ca-96e0-45a2-b4ff-59039f2c2b59',
    'Managed Identity Contributor',
    'Create, read, change and delete user-assigned identities.',
    {
      actions: [
        ...onIdentities(['read', 'write', 'delete']),
        ...onIdentities(['federatedIdentityCredentials/read', 'federatedIdentityCredentials/write']),
        ...onIdentities(['federatedIdentityCredentials/delete', 'revokeTokens/action']),
        'Microsoft.Authorization/*/read',
        'Microsoft.Resources/subscriptions/resourceGroups/read',
      ],
    },
  ),
  builtIn(
    'f1a07417-d97a-45cb-824c-7a7467783830',
    'Managed Identity Operator',
    'Read and assign user-assigned identities.',
    {
      actions: [
        ...onIdentities(['read', '*/read', 'assign/action', '*/assign/action']),
        'Microsoft.Authorization/*/read',
        'Microsoft.Resources/subscriptions/resourceGroups/read',
      ],
    },
  ),
  builtIn('b64e21ea-ac4e-4cdf-9dc9-5b892992bee7', 'Azure Connected Machine Onboarding', 'Create and enroll machines.', {
    actions: onMachines(['read', 'write']),
  }),
  builtIn(
    'cd570a14-e51a-42ad-bac8-bafd67325302',
    'Azure Connected Machine Resource Administrator',
    'Create, read, change, enroll and delete machines.',
    { actions: onMachines(['read', 'write', 'delete']) },
  ),
]
