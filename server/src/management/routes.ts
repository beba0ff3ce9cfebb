import { listActivityLog } from './server/activity-log.ts'
import { listAuditEvents, listOwnDenials, listRegistryAuditEvents } from './server/audit-events.ts'
import { deleteAnonymousAccess, getAnonymousAccess, putAnonymousAccess } from './registries/anonymous-access.ts'
import { checkNetworkAccess } from './registries/check-network-access.ts'
import { checkName } from './registries/check-name.ts'
import { listCredentialUses } from './server/credential-uses.ts'
import { listCredentials, regenerateCredential } from './registries/credentials.ts'
import {
  getAllowedPrincipals,
  getAnyDecision,
  getDecision,
  getExplanation,
  getOwnDenial,
  listModeChanges,
} from './roles/decisions.ts'
import { listMetricDefinitions, listMetricNamespaces, listMetrics } from './server/metrics.ts'
import {
  deleteFederatedCredential,
  getFederatedCredential,
  listFederatedCredentials,
  putFederatedCredential,
} from './identities/federated-credentials.ts'
import { sendBatch } from './arm/batch.ts'
import type { CallerNeed } from './arm/need.ts'
import {
  createEnrollmentCode,
  deleteMachine,
  getMachine,
  listMachines,
  patchMachine,
  putMachine,
} from './identities/machines.ts'
import {
  deleteUserAssignedIdentity,
  getUserAssignedIdentity,
  listUserAssignedIdentities,
  patchUserAssignedIdentity,
  putUserAssignedIdentity,
} from './identities/managed-identities.ts'
import { getProvider, listProviders, providerNamespaces, registerProvider } from './arm/providers.ts'
import { deleteRegistry, getRegistry, listRegistries, patchRegistry, putRegistry } from './registries/registries.ts'
import {
  deleteResourceGroup,
  getResourceGroup,
  headResourceGroup,
  listResourceGroups,
  patchResourceGroup,
  putResourceGroup,
} from './arm/resource-groups.ts'
import { operationRows } from './operations.ts'
import { listResources } from './resource-list.ts'
import { listPermissions } from './roles/permissions.ts'
import { listRoleAssignments } from './roles/role-assignment-list.ts'
import { deleteRoleAssignment, getRoleAssignment, putRoleAssignment } from './roles/role-assignments.ts'
import { deleteRoleDefinition, putRoleDefinition } from './roles/role-definition-changes.ts'
import { getRoleDefinition, listRoleDefinitions } from './roles/role-definitions.ts'
import { getBackup, startBackup } from './server/backup.ts'
import { listCertificates } from './server/certificates.ts'
import { getCollection, startCollection } from './server/garbage-collection.ts'
import { getScrub, startScrub } from './server/scrub.ts'
import { getOpenApi } from './server/open-api.ts'
import { getAuditChain, getStatus, listSettings } from './server/status.ts'
import { rotateSigningKeys, withdrawSigningKeys } from './server/signing-keys.ts'
import { getSubscription, listLocations, listSubscriptions, listTenants } from './arm/subscriptions.ts'
import { type ManagementRow, action, anyRole, listed, table } from './table.ts'
import { webhookRows } from './webhook-routes.ts'
import { deleteScopeMap, getScopeMap, listScopeMaps, patchScopeMap, putScopeMap } from './registries/scope-maps.ts'
import {
  deleteScopedToken,
  generateCredentials,
  getScopedToken,
  listScopedTokens,
  patchScopedToken,
  putScopedToken,
} from './registries/scoped-tokens.ts'
import { getImportResult, importImage } from './registries/import-image.ts'
import { cancelImport, listImports } from './registries/import-list.ts'
import { getAdminPasswordUses, getPasswordUses, listPasswordUses } from './registries/password-uses.ts'
import { deleteQuota, getQuota, listQuotas, putQuota } from './registries/quotas.ts'
import { deleteOpenUpload, listOpenUploads } from './registries/open-uploads.ts'
import { searchContent } from './registries/search-content.ts'
import { listUsages } from './registries/usages.ts'
import { unservedRows } from './unserved-routes.ts'

const onRegistries = (name: string): CallerNeed => action(`Microsoft.ContainerRegistry/registries/${name}`)
const onGroups = (name: string): CallerNeed => action(`Microsoft.Resources/subscriptions/resourceGroups/${name}`)

const subscription = '/subscriptions/:subscriptionId'
const groups = `${subscription}/resourceGroups`
const group = `${groups}/:resourceGroup`
const provider = 'providers/Microsoft.ContainerRegistry'
const registries = `${group}/${provider}/registries`
const registry = `${registries}/:registry`

// prettier-ignore
const subscriptionRows = table([
  { id: 'openApi.get',             method: 'GET',    path: '/openapi.json',             need: 'signed-in',                                                    cost: 'list', handle: getOpenApi, versionless: true },
  { id: 'batch',                   method: 'POST',   path: '/batch',                    need: 'signed-in',                                                    cost: 'small', stepUp: 'no: the request only reads data', isBatch: true, handle: sendBatch },
  { id: 'tenants.list',            method: 'GET',    path: '/tenants',                  need: 'signed-in',                                                    cost: 'read', handle: listTenants },
  { id: 'subscriptions.list',      method: 'GET',    path: '/subscriptions',            need: listed('Microsoft.Resources/subscriptions/read'),                cost: 'read', handle: listSubscriptions },
  { id: 'subscriptions.get',       method: 'GET',    path: subscription,                need: anyRole('Microsoft.Resources/subscriptions/read'),               cost: 'read', handle: getSubscription },
  { id: 'subscriptions.locations', method: 'GET',    path: `${subscription}/locations`, need: anyRole('Microsoft.Resources/subscriptions/locations/read'),     cost: 'read', handle: listLocations },
  { id: 'providers.list',          method: 'GET',    path: `${subscription}/providers`, need: anyRole('Microsoft.Resources/subscriptions/providers/read'),     cost: 'list', handle: listProviders },
  { id: 'providers.get',           method: 'GET',    path: `${subscription}/providers/:name`, need: anyRole('Microsoft.Resources/subscriptions/providers/read'), cost: 'read', handle: getProvider },
  { id: 'resources.list',          method: 'GET',    path: `${subscription}/resources`, need: listed('Microsoft.ContainerRegistry/registries/read'),           cost: 'list', handle: listResources, filtered: true },
  { id: 'resourceGroups.list',     method: 'GET',    path: groups,                      need: listed('Microsoft.Resources/subscriptions/resourceGroups/read'), cost: 'list', handle: listResourceGroups, filtered: true },
  { id: 'resourceGroups.get',      method: 'GET',    path: group,                       need: onGroups('read'),                                                cost: 'read', handle: getResourceGroup },
  { id: 'resourceGroups.head',     method: 'HEAD',   path: group,                       need: onGroups('read'),                                                cost: 'read', handle: headResourceGroup },
  { id: 'resourceGroups.put',      method: 'PUT',    path: group,                       need: onGroups('write'),                                               cost: 'change', stepUp: 'no: the request grants no access and adds no content', handle: putResourceGroup },
  { id: 'resourceGroups.patch',    method: 'PATCH',  path: group,                       need: onGroups('write'),                                               cost: 'change', stepUp: 'no: the request grants no access and adds no content', handle: patchResourceGroup },
  { id: 'resourceGroups.delete',   method: 'DELETE', path: group,                       need: onGroups('delete'),                                              cost: 'heavy-change', stepUp: true, handle: deleteResourceGroup },
  { id: 'signingKeys.rotate',      method: 'POST',   path: `${subscription}/providers/Acrux.Server/rotateSigningKeys`, need: action('Acrux.Server/signingKeys/rotate/action'), cost: 'heavy-change', stepUp: true, handle: rotateSigningKeys },
  { id: 'signingKeys.withdraw',    method: 'POST',   path: `${subscription}/providers/Acrux.Server/withdrawSigningKeys`, need: action('Acrux.Server/signingKeys/withdraw/action'), cost: 'heavy-change', stepUp: true, handle: withdrawSigningKeys },
  { id: 'scrub.start',             method: 'POST',   path: `${subscription}/providers/Acrux.Server/scrub`, need: action('Acrux.Server/scrub/action'), cost: 'change', defers: true, stepUp: 'no: the request starts work that deletes no content', handle: startScrub },
  { id: 'scrub.get',               method: 'GET',    path: `${subscription}/providers/Acrux.Server/scrub`, need: action('Acrux.Server/scrub/read'), cost: 'read', handle: getScrub },
  { id: 'garbageCollection.start', method: 'POST',   path: `${subscription}/providers/Acrux.Server/garbageCollection`, need: action('Acrux.Server/garbageCollection/action'), cost: 'change', defers: true, stepUp: true, handle: startCollection },
  { id: 'garbageCollection.get',   method: 'GET',    path: `${subscription}/providers/Acrux.Server/garbageCollection`, need: action('Acrux.Server/garbageCollection/read'), cost: 'read', handle: getCollection },
  { id: 'backup.start',            method: 'POST',   path: `${subscription}/providers/Acrux.Server/backup`, need: action('Acrux.Server/backup/action'), cost: 'change', defers: true, stepUp: true, handle: startBackup },
  { id: 'backup.get',              method: 'GET',    path: `${subscription}/providers/Acrux.Server/backup`, need: action('Acrux.Server/backup/read'), cost: 'read', handle: getBackup },
  { id: 'certificates.list',       method: 'GET',    path: `${subscription}/providers/Acrux.Server/certificates`, need: action('Acrux.Server/certificates/read'), cost: 'list', handle: listCertificates },
  { id: 'server.status',           method: 'GET',    path: `${subscription}/providers/Acrux.Server/status`, need: action('Acrux.Server/status/read'), cost: 'list', handle: getStatus },
  { id: 'server.settings',         method: 'POST',   path: `${subscription}/providers/Acrux.Server/listSettings`, need: action('Acrux.Server/listSettings/action'), cost: 'list', stepUp: 'no: the request only reads data', handle: listSettings },
  { id: 'auditChain.get',          method: 'GET',    path: `${subscription}/providers/Acrux.Server/auditChain`, need: action('Acrux.Server/auditChain/read'), cost: 'list', handle: getAuditChain },
  { id: 'auditEvents.list',        method: 'GET',    path: `${subscription}/providers/Acrux.Server/auditEvents`, need: action('Acrux.Server/auditEvents/read'), cost: 'list', handle: listAuditEvents, filtered: true, paged: true },
  { id: 'activityLog.list',        method: 'GET',    path: `${subscription}/providers/Microsoft.Insights/eventtypes/management/values`, need: action('Microsoft.Insights/eventtypes/values/read'), cost: 'list', handle: listActivityLog, filtered: true, paged: true },
  { id: 'credentialUses.list',     method: 'GET',    path: `${subscription}/providers/Acrux.Server/credentialUses`, need: action('Acrux.Server/credentialUses/read'), cost: 'list', handle: listCredentialUses, filtered: true, paged: true },
])

const registrationRows = providerNamespaces.flatMap((namespace) =>
  table([
    {
      id: `providers.register.${namespace}`,
      method: 'POST',
      path: `${subscription}/providers/${namespace}/register`,
      need: action(`${namespace}/register/action`),
      cost: 'change',
      stepUp: 'no: the request only reads data',
      handle: registerProvider(namespace),
    },
  ]),
)

// prettier-ignore
const registryRows = table([
  { id: 'registries.checkName',            method: 'POST',   path: `${subscription}/${provider}/checkNameAvailability`, need: action('Microsoft.ContainerRegistry/checkNameAvailability/read'), cost: 'read', stepUp: 'no: the request only reads data', handle: checkName },
  { id: 'content.search',                  method: 'GET',    path: `${subscription}/providers/Acrux.Server/content`, need: listed('Microsoft.ContainerRegistry/registries/repositories/metadata/read'), cost: 'list', handle: searchContent, paged: true },
  { id: 'registries.listInSubscription',   method: 'GET',    path: `${subscription}/${provider}/registries`, need: listed('Microsoft.ContainerRegistry/registries/read'), cost: 'list', handle: listRegistries },
  { id: 'registries.listInGroup',          method: 'GET',    path: registries,                          need: listed('Microsoft.ContainerRegistry/registries/read'), cost: 'list', handle: listRegistries },
  { id: 'registries.get',                  method: 'GET',    path: registry,                            need: onRegistries('read'),                        cost: 'read', handle: getRegistry },
  { id: 'registries.put',                  method: 'PUT',    path: registry,                            need: onRegistries('write'),                       cost: 'heavy-change', stepUp: true, handle: putRegistry },
  { id: 'registries.patch',                method: 'PATCH',  path: registry,                            need: onRegistries('write'),                       cost: 'heavy-change', stepUp: true, handle: patchRegistry },
  { id: 'registries.delete',               method: 'DELETE', path: registry,                            need: onRegistries('delete'),                      cost: 'heavy-change', stepUp: true, handle: deleteRegistry },
  { id: 'registries.listCredentials',      method: 'POST',   path: `${registry}/listCredentials`,      need: onRegistries('listCredentials/action'),      cost: 'read', stepUp: true, handle: listCredentials },
  { id: 'registries.regenerateCredential', method: 'POST',   path: `${registry}/regenerateCredential`, need: onRegistries('regenerateCredential/action'), cost: 'heavy-change', stepUp: true, handle: regenerateCredential },
  { id: 'registries.listUsages',           method: 'GET',    path: `${registry}/listUsages`,           need: onRegistries('listUsages/read'),             cost: 'list', handle: listUsages },
  { id: 'registries.importImage',          method: 'POST',   path: `${registry}/importImage`,          need: onRegistries('importImage/action'),          cost: 'change', defers: true, stepUp: true, handle: importImage },
  { id: 'operationResults.get',            method: 'GET',    path: `${subscription}/${provider}/locations/:location/operationResults/:name`, need: listed('Microsoft.ContainerRegistry/registries/importImage/action'), cost: 'read', handle: getImportResult },
  { id: 'registries.checkNetworkAccess',   method: 'POST',   path: `${registry}/providers/Acrux.Server/checkNetworkAccess`, need: onRegistries('read'), cost: 'list', stepUp: 'no: the request only reads data', handle: checkNetworkAccess },
  { id: 'registries.auditEvents',          method: 'GET',    path: `${registry}/auditEvents`,          need: onRegistries('auditEvents/read'),            cost: 'list', handle: listRegistryAuditEvents, filtered: true, paged: true },
])

const insights = `${registry}/providers/Microsoft.Insights`
const onInsights = (name: string): CallerNeed => action(`Microsoft.Insights/${name}/read`)

// prettier-ignore
const metricRows = table([
  { id: 'metrics.list',           method: 'GET', path: `${insights}/metrics`,           need: onInsights('metrics'),           cost: 'list', handle: listMetrics,           paged: true },
  { id: 'metricDefinitions.list', method: 'GET', path: `${insights}/metricDefinitions`, need: onInsights('metricDefinitions'), cost: 'read', handle: listMetricDefinitions, paged: true },
  { id: 'metricNamespaces.list',  method: 'GET', path: `${insights}/metricNamespaces`,  need: onInsights('metricNamespaces'),  cost: 'read', handle: listMetricNamespaces,  paged: true },
])

const anonymousAccess = `${registry}/providers/Acrux.Server/anonymousAccess/default`
const scopeMaps = `${registry}/scopeMaps`
const tokens = `${registry}/tokens`

// prettier-ignore
const scopedTokenRows = table([
  { id: 'scopeMaps.list',                 method: 'GET',    path: scopeMaps,              need: onRegistries('scopeMaps/read'),   cost: 'list', handle: listScopeMaps },
  { id: 'scopeMaps.get',                  method: 'GET',    path: `${scopeMaps}/:name`,   need: onRegistries('scopeMaps/read'),   cost: 'read', handle: getScopeMap },
  { id: 'scopeMaps.put',                  method: 'PUT',    path: `${scopeMaps}/:name`,   need: onRegistries('scopeMaps/write'),  cost: 'heavy-change', stepUp: true, handle: putScopeMap },
  { id: 'scopeMaps.patch',                method: 'PATCH',  path: `${scopeMaps}/:name`,   need: onRegistries('scopeMaps/write'),  cost: 'heavy-change', stepUp: true, handle: patchScopeMap },
  { id: 'scopeMaps.delete',               method: 'DELETE', path: `${scopeMaps}/:name`,   need: onRegistries('scopeMaps/delete'), cost: 'heavy-change', stepUp: true, handle: deleteScopeMap },
  { id: 'tokens.list',                    method: 'GET',    path: tokens,                 need: onRegistries('tokens/read'),      cost: 'list', handle: listScopedTokens },
  { id: 'tokens.get',                     method: 'GET',    path: `${tokens}/:name`,      need: onRegistries('tokens/read'),      cost: 'read', handle: getScopedToken },
  { id: 'tokens.put',                     method: 'PUT',    path: `${tokens}/:name`,      need: onRegistries('tokens/write'),     cost: 'heavy-change', stepUp: true, handle: putScopedToken },
  { id: 'tokens.patch',                   method: 'PATCH',  path: `${tokens}/:name`,      need: onRegistries('tokens/write'),     cost: 'heavy-change', stepUp: true, handle: patchScopedToken },
  { id: 'tokens.delete',                  method: 'DELETE', path: `${tokens}/:name`,      need: onRegistries('tokens/delete'),    cost: 'heavy-change', stepUp: true, handle: deleteScopedToken },
  { id: 'registries.generateCredentials', method: 'POST',   path: `${registry}/generateCredentials`, need: onRegistries('generateCredentials/action'), cost: 'heavy-change', stepUp: true, handle: generateCredentials },
  { id: 'anonymousAccess.get',            method: 'GET',    path: anonymousAccess,        need: onRegistries('read'),             cost: 'read', handle: getAnonymousAccess },
  { id: 'anonymousAccess.put',            method: 'PUT',    path: anonymousAccess,        need: onRegistries('write'),            cost: 'heavy-change', stepUp: true, handle: putAnonymousAccess },
  { id: 'anonymousAccess.delete',         method: 'DELETE', path: anonymousAccess,        need: onRegistries('write'),            cost: 'heavy-change', stepUp: true, handle: deleteAnonymousAccess },
])

const passwordUses = `${registry}/providers/Acrux.Server/passwordUses`
const onUses = action('Acrux.Server/credentialUses/read')

/** Azure does not have these. */
// prettier-ignore
const passwordUseRows = table([
  { id: 'passwordUses.list', method: 'GET', path: passwordUses,            need: onUses, cost: 'list', handle: listPasswordUses },
  { id: 'passwordUses.get',  method: 'GET', path: `${passwordUses}/:name`, need: onUses, cost: 'read', handle: getPasswordUses },
  { id: 'adminPasswordUses.get', method: 'GET', path: `${registry}/providers/Acrux.Server/adminPasswordUses/default`, need: onUses, cost: 'read', handle: getAdminPasswordUses },
])

const onQuotas = (name: string): CallerNeed => action(`Acrux.Server/quotas/${name}`)
const onUploads = (name: string): CallerNeed => action(`Acrux.Server/uploads/${name}`)
const quotas = `${registry}/providers/Acrux.Server/quotas`
const uploads = `${registry}/providers/Acrux.Server/uploads`
const imports = `${registry}/providers/Acrux.Server/imports`

/** Azure does not have these. */
// prettier-ignore
const capacityRows = table([
  { id: 'quotas.list',    method: 'GET',    path: quotas,               need: onQuotas('read'),    cost: 'list', handle: listQuotas },
  { id: 'quotas.get',     method: 'GET',    path: `${quotas}/:name`,    need: onQuotas('read'),    cost: 'read', handle: getQuota },
  { id: 'quotas.put',     method: 'PUT',    path: `${quotas}/:name`,    need: onQuotas('write'),   cost: 'change', stepUp: true, handle: putQuota },
  { id: 'quotas.delete',  method: 'DELETE', path: `${quotas}/:name`,    need: onQuotas('delete'),  cost: 'change', stepUp: true, handle: deleteQuota },
  { id: 'uploads.list',   method: 'GET',    path: uploads,              need: onUploads('read'),   cost: 'list', handle: listOpenUploads },
  { id: 'uploads.delete', method: 'DELETE', path: `${uploads}/:name`,   need: onUploads('delete'), cost: 'change', stepUp: true, handle: deleteOpenUpload },
  { id: 'imports.list',   method: 'GET',    path: imports,              need: listed('Acrux.Server/imports/read'), cost: 'list', handle: listImports },
  { id: 'imports.delete', method: 'DELETE', path: `${imports}/:name`,   need: onRegistries('importImage/action'), cost: 'change', stepUp: 'no: the request only ends a session or revokes access', handle: cancelImport },
])

const onIdentities = (name: string): CallerNeed => action(`Microsoft.ManagedIdentity/userAssignedIdentities/${name}`)
const identityProvider = 'providers/Microsoft.ManagedIdentity/userAssignedIdentities'
const identities = `${group}/${identityProvider}`
const identity = `${identities}/:identity`

// prettier-ignore
const identityRows = table([
  { id: 'identities.listInSubscription', method: 'GET',    path: `${subscription}/${identityProvider}`, need: listed('Microsoft.ManagedIdentity/userAssignedIdentities/read'), cost: 'list', handle: listUserAssignedIdentities },
  { id: 'identities.listInGroup',        method: 'GET',    path: identities, need: listed('Microsoft.ManagedIdentity/userAssignedIdentities/read'), cost: 'list', handle: listUserAssignedIdentities },
  { id: 'identities.get',                method: 'GET',    path: identity,   need: onIdentities('read'),   cost: 'read', handle: getUserAssignedIdentity },
  { id: 'identities.put',                method: 'PUT',    path: identity,   need: onIdentities('write'),  cost: 'heavy-change', stepUp: true, handle: putUserAssignedIdentity },
  { id: 'identities.patch',              method: 'PATCH',  path: identity,   need: onIdentities('write'),  cost: 'heavy-change', stepUp: true, handle: patchUserAssignedIdentity },
  { id: 'identities.delete',             method: 'DELETE', path: identity,   need: onIdentities('delete'), cost: 'heavy-change', stepUp: true, handle: deleteUserAssignedIdentity },
])

const federatedCredentials = `${identity}/federatedIdentityCredentials`
const federatedCredential = `${federatedCredentials}/:name`

// prettier-ignore
const federationRows = table([
  { id: 'federatedCredentials.list',   method: 'GET',    path: federatedCredentials, need: onIdentities('federatedIdentityCredentials/read'),   cost: 'list', handle: listFederatedCredentials },
  { id: 'federatedCredentials.get',    method: 'GET',    path: federatedCredential,  need: onIdentities('federatedIdentityCredentials/read'),   cost: 'read', handle: getFederatedCredential },
  { id: 'federatedCredentials.put',    method: 'PUT',    path: federatedCredential,  need: onIdentities('federatedIdentityCredentials/write'),  cost: 'heavy-change', stepUp: true, handle: putFederatedCredential },
  { id: 'federatedCredentials.delete', method: 'DELETE', path: federatedCredential,  need: onIdentities('federatedIdentityCredentials/delete'), cost: 'heavy-change', stepUp: true, handle: deleteFederatedCredential },
])

const onMachines = (name: string): CallerNeed => action(`Microsoft.HybridCompute/machines/${name}`)
const machineProvider = 'providers/Microsoft.HybridCompute/machines'
const machines = `${group}/${machineProvider}`
const machine = `${machines}/:machine`

// prettier-ignore
const machineRows = table([
  { id: 'machines.listInSubscription', method: 'GET',    path: `${subscription}/${machineProvider}`, need: listed('Microsoft.HybridCompute/machines/read'), cost: 'list', handle: listMachines },
  { id: 'machines.listInGroup',        method: 'GET',    path: machines, need: listed('Microsoft.HybridCompute/machines/read'), cost: 'list', handle: listMachines },
  { id: 'machines.get',                method: 'GET',    path: machine,  need: onMachines('read'),   cost: 'read', handle: getMachine },
  { id: 'machines.put',                method: 'PUT',    path: machine,  need: onMachines('write'),  cost: 'heavy-change', stepUp: true, handle: putMachine },
  { id: 'machines.patch',              method: 'PATCH',  path: machine,  need: onMachines('write'),  cost: 'heavy-change', stepUp: true, handle: patchMachine },
  { id: 'machines.delete',             method: 'DELETE', path: machine,  need: onMachines('delete'), cost: 'heavy-change', stepUp: true, handle: deleteMachine },
  { id: 'machines.enrollmentCode',     method: 'POST',   path: `${machine}/enrollmentCode`, need: onMachines('write'), cost: 'heavy-change', stepUp: true, handle: createEnrollmentCode },
])

const readAssignments = action('Microsoft.Authorization/roleAssignments/read')

/** Azure does not have these. */
// prettier-ignore
const questionRows = table([
  { id: 'access.explanation',       method: 'GET', path: `${registry}/accessExplanation`, need: readAssignments, cost: 'list', handle: getExplanation },
  { id: 'access.decision',          method: 'GET', path: `${registry}/decisions/:name`,   need: onRegistries('decisions/read'), cost: 'list', handle: getDecision },
  { id: 'access.anyDecision',       method: 'GET', path: `${subscription}/providers/Acrux.Server/decisions/:name`, need: action('Acrux.Server/decisions/read'), cost: 'list', handle: getAnyDecision },
  { id: 'access.ownDenials',        method: 'GET', path: '/providers/Acrux.Server/denials', need: 'signed-in', cost: 'list', handle: listOwnDenials, paged: true },
  { id: 'access.ownDenial',         method: 'GET', path: '/providers/Acrux.Server/denials/:name', need: 'signed-in', cost: 'list', handle: getOwnDenial },
  { id: 'access.allowedPrincipals', method: 'GET', path: `${registry}/allowedPrincipals`, need: readAssignments, cost: 'list', handle: getAllowedPrincipals, paged: true },
  { id: 'access.modeChanges',       method: 'GET', path: `${registry}/providers/Acrux.Server/modeChanges`, need: readAssignments, cost: 'list', handle: listModeChanges, paged: true },
])

const authorization = 'providers/Microsoft.Authorization'

function roleRows(scopeName: string, scopePath: string): readonly ManagementRow[] {
  const assignments = `${scopePath}/${authorization}/roleAssignments`
  const definitions = `${scopePath}/${authorization}/roleDefinitions`
  const onAssignments = (name: string): CallerNeed => action(`Microsoft.Authorization/roleAssignments/${name}`)
  const judging = (name: string): CallerNeed => ({
    kind: 'action',
    action: `Microsoft.Authorization/roleAssignments/${name}`,
    judgesAssignment: true,
  })
  const onDefinitions = (name: string): CallerNeed => action(`Microsoft.Authorization/roleDefinitions/${name}`)
  // prettier-ignore
  return table([
    { id: `roleDefinitions.list.${scopeName}`,   method: 'GET',    path: definitions,            need: onDefinitions('read'),   cost: 'list', handle: listRoleDefinitions, filtered: true },
    { id: `roleDefinitions.get.${scopeName}`,    method: 'GET',    path: `${definitions}/:name`, need: onDefinitions('read'),   cost: 'read', handle: getRoleDefinition },
    { id: `roleDefinitions.put.${scopeName}`,    method: 'PUT',    path: `${definitions}/:name`, need: onDefinitions('write'),  cost: 'heavy-change', stepUp: true, handle: putRoleDefinition },
    { id: `roleDefinitions.delete.${scopeName}`, method: 'DELETE', path: `${definitions}/:name`, need: onDefinitions('delete'), cost: 'heavy-change', stepUp: true, handle: deleteRoleDefinition },
    { id: `roleAssignments.list.${scopeName}`,   method: 'GET',    path: assignments,            need: onAssignments('read'),   cost: 'list', handle: listRoleAssignments, filtered: true, paged: true },
    { id: `roleAssignments.get.${scopeName}`,    method: 'GET',    path: `${assignments}/:name`, need: onAssignments('read'),   cost: 'read', handle: getRoleAssignment },
    { id: `roleAssignments.put.${scopeName}`,    method: 'PUT',    path: `${assignments}/:name`, need: judging('write'),        cost: 'heavy-change', stepUp: true, handle: putRoleAssignment },
    { id: `roleAssignments.delete.${scopeName}`, method: 'DELETE', path: `${assignments}/:name`, need: judging('delete'),       cost: 'heavy-change', stepUp: true, handle: deleteRoleAssignment },
  ])
}

/** What the caller may do at a scope. */
// prettier-ignore
const permissionRows = (scopeName: string, scopePath: string) => table([
  { id: `permissions.list.${scopeName}`, method: 'GET', path: `${scopePath}/${authorization}/permissions`, need: anyRole('Microsoft.Authorization/permissions/read'), cost: 'list', handle: listPermissions },
])

/** The built-in roles by the ids that they have in the tenant; there are no assignments at that scope. */
// prettier-ignore
const tenantRows = table([
  { id: 'roleDefinitions.list.tenant', method: 'GET', path: `/${authorization}/roleDefinitions`,       need: anyRole('Microsoft.Authorization/roleDefinitions/read'), cost: 'list', handle: listRoleDefinitions, filtered: true },
  { id: 'roleDefinitions.get.tenant',  method: 'GET', path: `/${authorization}/roleDefinitions/:name`, need: anyRole('Microsoft.Authorization/roleDefinitions/read'), cost: 'read', handle: getRoleDefinition },
])

const servedRows: readonly ManagementRow[] = [
  ...subscriptionRows,
  ...webhookRows,
  ...registrationRows,
  ...registryRows,
  ...unservedRows,
  ...metricRows,
  ...scopedTokenRows,
  ...passwordUseRows,
  ...capacityRows,
  ...identityRows,
  ...federationRows,
  ...machineRows,
  ...questionRows,
  ...tenantRows,
  ...permissionRows('subscription', subscription),
  ...permissionRows('resourceGroup', group),
  ...permissionRows('registry', registry),
  ...roleRows('subscription', subscription),
  ...roleRows('resourceGroup', group),
  ...roleRows('registry', registry),
  ...roleRows('identity', identity),
  ...roleRows('machine', machine),
]

/** The route table of the ARM surface, without `/metadata/endpoints`, which is public. */
export const rows: readonly ManagementRow[] = [...servedRows, ...operationRows(servedRows)].map((row) => ({
  ...row,
  id: `management.${row.id}`,
}))
