/** A request of the portal that is no `GET`. */
export type Change = {
  /** The method, and the path below `/portal/api/`: `*` is one segment, `**` one or more. */
  readonly request: string
  /** The functions of the portal that send it: file and function. */
  readonly by: readonly string[]
  /** The test file in which a page sends it. */
  readonly seenIn: string
}

// prettier-ignore
/** All changes that the portal can make, and its reads that have a body. The first row that matches a request is its row. */
export const changes: readonly Change[] = [
  { request: 'POST session/sign-out',                                 by: ['use-session.signOut'],                    seenIn: 'portal' },
  { request: 'POST session/sign-out-everywhere',                      by: ['use-session.signOut'],                    seenIn: 'portal' },
  { request: 'POST session/registry-login',                           by: ['registry-login.createRegistryLogin'],     seenIn: 'portal' },

  { request: 'POST arm/batch',                                        by: ['client.postBatch'],                       seenIn: 'portal-images' },
  { request: 'POST graph/$batch',                                     by: ['client.postBatch'],                       seenIn: 'portal-images' },
  { request: 'POST graph/directoryObjects/getByIds',                  by: ['principals.namePrincipals'],              seenIn: 'portal-rights' },

  { request: 'DELETE registry/*/acr/v1/**/_tags/*',                   by: ['registry-changes.deleteTag'],             seenIn: 'portal-images' },
  { request: 'DELETE registry/*/acr/v1/**',                           by: ['registry-changes.deleteRepository'],      seenIn: 'portal-images' },
  { request: 'DELETE registry/*/v2/**/manifests/*',                   by: ['registry-changes.deleteManifest'],        seenIn: 'portal-images' },
  { request: 'PATCH registry/*/acr/v1/**/_tags/*',                    by: ['registry-changes.changeLocks'],           seenIn: 'portal-images' },
  { request: 'PATCH registry/*/acr/v1/**/_manifests/*',               by: ['registry-changes.changeLocks'],           seenIn: 'portal-images' },
  { request: 'PATCH registry/*/acr/v1/**',                            by: ['registry-changes.changeLocks', 'registry-changes.changeDescription'], seenIn: 'portal-images' },
  { request: 'PUT registry/*/v2/**/manifests/*',                      by: ['registry-changes.addTag'],                seenIn: 'portal-repository' },
  { request: 'POST registry/*/acr/v1/**/_tags/*/_revert',             by: ['registry-changes.revertTag'],             seenIn: 'portal-repository' },
  { request: 'POST registry/*/acr/v1/_bulk',                          by: ['change-many.changeSome'],                 seenIn: 'portal-repository' },
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
