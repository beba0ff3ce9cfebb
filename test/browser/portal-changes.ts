import type { OneOfFour } from './portal-four-people.ts'

/** The people who do not own the registry. */
export type Other = Exclude<OneOfFour, 'owner'>

/** What others may do all the same, and why. */
export type Permission = {
  readonly who: readonly Other[]
  readonly why: string
  /** Which paths; without it, all. */
  readonly at?: RegExp
}

/** A request of the portal that is no `GET`. */
export type Change = {
  /** The method, and the path below `/portal/api/`: `*` is one segment, `**` one or more. */
  readonly request: string
  /** The functions of the portal that send it: file and function. */
  readonly by: readonly string[]
  /** The test file in which an owner sends it, and in which it is tried as the others. */
  readonly seenIn: string
  /** Who else may send it. As these people it is not tried, because it would change the state. */
  readonly may?: Permission
  /** Set for a request that only reads. Everyone may send it, and its answer has nothing that the person may not see. */
  readonly isRead?: true
}

const everyone: readonly Other[] = ['nobody', 'puller', 'writer']
const ownSession = { who: everyone, why: 'It is about the own session.' }
const ownRepository = /\/team\/app(?:\/|$)/

// prettier-ignore
/** All changes that the portal can make. The first row that matches a request is its row. */
export const changes: readonly Change[] = [
  { request: 'POST session/sign-out',                                 by: ['use-session.signOut'],                    seenIn: 'portal', may: ownSession },
  { request: 'POST session/sign-out-everywhere',                      by: ['use-session.signOut'],                    seenIn: 'portal', may: ownSession },
  { request: 'POST session/registry-login',                           by: ['registry-login.createRegistryLogin'],     seenIn: 'portal', may: { who: ['puller', 'writer'], why: 'The login has the permissions of the person.' } },

  { request: 'POST arm/batch',                                        by: ['client.postBatch'],                       seenIn: 'portal-images', isRead: true },
  { request: 'POST graph/$batch',                                     by: ['client.postBatch'],                       seenIn: 'portal-images', isRead: true },
  { request: 'POST graph/directoryObjects/getByIds',                  by: ['principals.namePrincipals'],              seenIn: 'portal-rights', isRead: true },

  { request: 'DELETE registry/*/acr/v1/**/_tags/*',                   by: ['registry-changes.deleteTag'],             seenIn: 'portal-images', may: { who: ['writer'], at: ownRepository, why: 'Who may push may remove a tag.' } },
  { request: 'DELETE registry/*/acr/v1/**',                           by: ['registry-changes.deleteRepository'],      seenIn: 'portal-images' },
  { request: 'DELETE registry/*/v2/**/manifests/*',                   by: ['registry-changes.deleteManifest'],        seenIn: 'portal-images' },
  { request: 'PATCH registry/*/acr/v1/**/_tags/*',                    by: ['registry-changes.changeLocks'],           seenIn: 'portal-images', may: { who: ['writer'], at: ownRepository, why: 'The role includes locks.' } },
  { request: 'PATCH registry/*/acr/v1/**/_manifests/*',               by: ['registry-changes.changeLocks'],           seenIn: 'portal-images', may: { who: ['writer'], at: ownRepository, why: 'The role includes locks.' } },
  { request: 'PATCH registry/*/acr/v1/**',                            by: ['registry-changes.changeLocks'],           seenIn: 'portal-images' },
  { request: 'POST registry/*/acr/v1/_deleted/**/_manifests/*',       by: ['registry-changes.restoreManifest'],       seenIn: 'portal-images', may: { who: ['writer'], at: ownRepository, why: 'Who may push may restore.' } },
  { request: 'POST arm/**/registries/*/importImage',                  by: ['registry-arm.startImport'],               seenIn: 'portal-images' },
  { request: 'DELETE arm/**/Acrux.Server/uploads/*',                  by: ['registry-arm.cancelUpload'],              seenIn: 'portal-images' },

  { request: 'PATCH arm/**/registries/*',                             by: ['access.changeRegistry'],                  seenIn: 'portal-rights' },
  { request: 'PUT arm/**/Microsoft.Authorization/roleAssignments/*',  by: ['access.putAssignment'],                   seenIn: 'portal-rights' },
  { request: 'DELETE arm/**/Microsoft.Authorization/roleAssignments/*', by: ['access.deleteAssignment'],              seenIn: 'portal-rights' },
  { request: 'PUT arm/**/Microsoft.Authorization/roleDefinitions/*',  by: ['access.putRole'],                         seenIn: 'portal-rights' },
  { request: 'DELETE arm/**/Microsoft.Authorization/roleDefinitions/*', by: ['access.deleteRole'],                    seenIn: 'portal-rights' },
  { request: 'POST arm/**/registries/*/listCredentials',              by: ['admin-account.readAdminPasswords'],       seenIn: 'portal-rights' },
  { request: 'POST arm/**/registries/*/regenerateCredential',         by: ['admin-account.regenerateAdminPassword'],  seenIn: 'portal-rights' },
  { request: 'PUT arm/**/registries/*/scopeMaps/*',                   by: ['tokens.putScopeMap'],                     seenIn: 'portal-rights' },
  { request: 'PATCH arm/**/registries/*/scopeMaps/*',                 by: ['tokens.changeScopeMap'],                  seenIn: 'portal-rights' },
  { request: 'DELETE arm/**/registries/*/scopeMaps/*',                by: ['tokens.deleteScopeMap'],                  seenIn: 'portal-rights' },
  { request: 'PUT arm/**/registries/*/tokens/*',                      by: ['tokens.putToken'],                        seenIn: 'portal-rights' },
  { request: 'PATCH arm/**/registries/*/tokens/*',                    by: ['tokens.changeToken'],                     seenIn: 'portal-rights' },
  { request: 'DELETE arm/**/registries/*/tokens/*',                   by: ['tokens.deleteToken'],                     seenIn: 'portal-rights' },
  { request: 'POST arm/**/registries/*/generateCredentials',          by: ['tokens.generatePasswords'],               seenIn: 'portal-rights' },
  { request: 'PUT arm/**/Acrux.Server/anonymousAccess/default',       by: ['tokens.setAnonymousAccess'],              seenIn: 'portal-rights' },
  { request: 'DELETE arm/**/Acrux.Server/anonymousAccess/default',    by: ['tokens.setAnonymousAccess'],              seenIn: 'portal-rights' },

  { request: 'POST arm/**/Acrux.Server/checkNetworkAccess',           by: ['policies.checkNetworkAccess'],            seenIn: 'portal-operations' },
  { request: 'PUT arm/**/Acrux.Server/quotas/*',                      by: ['registry-arm.putQuota'],                  seenIn: 'portal-operations' },
  { request: 'DELETE arm/**/Acrux.Server/quotas/*',                   by: ['registry-arm.deleteQuota'],               seenIn: 'portal-operations' },
  { request: 'PUT arm/**/Acrux.Server/auditWebhooks/*',               by: ['webhooks.putWebhook'],                    seenIn: 'portal-operations' },
  { request: 'DELETE arm/**/Acrux.Server/auditWebhooks/*',            by: ['webhooks.deleteWebhook'],                 seenIn: 'portal-operations' },
  { request: 'POST arm/**/Acrux.Server/auditWebhooks/*/rotateSecret', by: ['webhooks.rotateSecret'],                  seenIn: 'portal-operations' },
  { request: 'POST arm/**/Acrux.Server/listSettings',                 by: ['server.listSettings'],                    seenIn: 'portal-operations' },
  { request: 'POST arm/**/Acrux.Server/scrub',                        by: ['server.startScrub'],                      seenIn: 'portal-operations' },
  { request: 'POST arm/**/Acrux.Server/garbageCollection',            by: ['server.startCollection'],                 seenIn: 'portal-operations' },
  { request: 'POST arm/**/Acrux.Server/backup',                       by: ['server.startBackup'],                     seenIn: 'portal-operations' },
  { request: 'POST arm/**/Acrux.Server/rotateSigningKeys',            by: ['server.changeKeys'],                      seenIn: 'portal-operations' },
  { request: 'POST arm/**/Acrux.Server/withdrawSigningKeys',          by: ['server.changeKeys'],                      seenIn: 'portal-operations' },

  { request: 'POST graph/users',                                      by: ['directory.createUser'],                   seenIn: 'portal-identities' },
  { request: 'PATCH graph/users/*',                                   by: ['directory.enableUser'],                   seenIn: 'portal-identities' },
  { request: 'DELETE graph/users/*',                                  by: ['directory.deleteUser'],                   seenIn: 'portal-identities' },
  { request: 'POST graph/roleManagement/directory/roleAssignments',   by: ['directory.changeDirectoryRole'],          seenIn: 'portal-identities' },
  { request: 'DELETE graph/roleManagement/directory/roleAssignments/*', by: ['directory.changeDirectoryRole'],        seenIn: 'portal-identities' },
  { request: 'POST graph/users/*/authentication/temporaryAccessPassMethods', by: ['directory.createAccessPass'],      seenIn: 'portal-identities' },
  { request: 'POST graph/groups',                                     by: ['directory.createGroup'],                  seenIn: 'portal-identities' },
  { request: 'DELETE graph/groups/*',                                 by: ['directory.deleteGroup'],                  seenIn: 'portal-identities' },
  { request: 'POST graph/groups/*/members/$ref',                      by: ['directory.addMember'],                    seenIn: 'portal-identities' },
  { request: 'DELETE graph/groups/*/members/*/$ref',                  by: ['directory.removeMember'],                 seenIn: 'portal-identities' },
  { request: 'POST graph/applications',                               by: ['applications.createApplication'],         seenIn: 'portal-identities' },
  { request: 'POST graph/servicePrincipals',                          by: ['applications.createApplication'],         seenIn: 'portal-identities' },
  { request: 'PATCH graph/servicePrincipals/*',                       by: ['applications.enablePrincipal'],           seenIn: 'portal-identities' },
  { request: 'PATCH graph/applications/*',                            by: ['applications.addCertificate', 'applications.deleteCertificate'], seenIn: 'portal-identities' },
  { request: 'DELETE graph/applications/*',                           by: ['applications.deleteApplication'],         seenIn: 'portal-identities' },
  { request: 'POST graph/applications/*/addPassword',                 by: ['applications.createSecret'],              seenIn: 'portal-identities' },
  { request: 'POST graph/applications/*/removePassword',              by: ['applications.deleteSecret'],              seenIn: 'portal-identities' },
  { request: 'POST graph/applications/*/federatedIdentityCredentials', by: ['applications.createFederated'],          seenIn: 'portal-identities' },
  { request: 'DELETE graph/applications/*/federatedIdentityCredentials/*', by: ['applications.deleteFederated'],      seenIn: 'portal-identities' },
  { request: 'POST graph/applications/*/testWorkloadToken',           by: ['applications.testToken'],                 seenIn: 'portal-identities' },
  { request: 'PUT arm/**/userAssignedIdentities/*',                   by: ['managed-identities.createManaged'],       seenIn: 'portal-identities' },
  { request: 'DELETE arm/**/userAssignedIdentities/*',                by: ['managed-identities.deleteManaged'],       seenIn: 'portal-identities' },
  { request: 'PUT arm/**/machines/*',                                 by: ['managed-identities.createManaged'],       seenIn: 'portal-identities' },
  { request: 'PATCH arm/**/machines/*',                               by: ['managed-identities.attachIdentity'],      seenIn: 'portal-identities' },
  { request: 'DELETE arm/**/machines/*',                              by: ['managed-identities.deleteManaged'],       seenIn: 'portal-identities' },
  { request: 'POST arm/**/machines/*/enrollmentCode',                 by: ['managed-identities.createEnrollmentCode'], seenIn: 'portal-identities' },

  { request: 'DELETE graph/users/*/authentication/*/*',               by: ['directory.removeMethod'],                 seenIn: 'portal-people' },
  { request: 'POST graph/users/*/authentication/oneTimeLinks',        by: ['sign-ins.createOneTimeLink'],             seenIn: 'portal-people' },
  { request: 'DELETE graph/users/*/signInSessions/*',                 by: ['sign-ins.endSignIn'],                     seenIn: 'portal-people' },
  { request: 'POST graph/users/*/revokeSignInSessions',               by: ['sign-ins.endSignIns'],                    seenIn: 'portal-people' },
]

/** What others may read. `only` matches each object, as JSON, that they may see in a list. */
type ReadPermission = Permission & { readonly at: RegExp; readonly only?: RegExp }

const foundContent = /^arm\/.*\/Acrux\.Server\/content$/

/** What others may read of what an owner reads, and what is about themselves. */
export const reads: readonly ReadPermission[] = [
  {
    at: /^arm\/.*\/Microsoft\.Authorization\/permissions$/,
    who: ['puller', 'writer'],
    why: 'The answer has the own permissions.',
  },
  { at: /^arm\/subscriptions$/, who: ['puller', 'writer'], why: 'They have a role in the subscription.' },
  { at: foundContent, who: ['puller'], why: 'They may pull everything.' },
  { at: foundContent, who: ['writer'], only: /"repository":"team\/app"/, why: 'It is their repository.' },
]

/** The row of a request, such as `DELETE` of `graph/users/x`. */
export function changeOf(method: string, path: string): Change | undefined {
  const [plain = ''] = path.split('?')
  return changes.find(({ request }) => patternOf(request).test(`${method} ${plain}`))
}

function patternOf(request: string): RegExp {
  const parts = request.split('/').map((part) => {
    if (part === '**') return '.+'
    return part === '*' ? '[^/]+' : part.replaceAll(/[$.]/g, String.raw`\$&`)
  })
  return new RegExp(`^${parts.join('/')}$`)
}
