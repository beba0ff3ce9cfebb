import { referenceBody } from '../protocol/body.ts'
import {
  directoryObjectPageSchema,
  directoryObjectsSchema,
  groupPageSchema,
  groupSchema,
  userPageSchema,
  userSchema,
} from '../protocol/documents.ts'
import { type GraphRow, graphRow } from '../protocol/route.ts'
import {
  authenticationMethodsSchema,
  deletePasskeyMethod,
  deleteSoftwareOathMethod,
  listAuthenticationMethods,
  listMyAuthenticationMethods,
  passwordResetSchema,
  resetPassword,
} from './authentication-methods.ts'
import {
  changePasswordBody,
  checkMemberGroupsBody,
  groupChangeBody,
  memberGroupsBody,
  newGroupBody,
  newUserBody,
  resetPasswordBody,
  roleAssignmentBody,
  userChangeBody,
} from './bodies.ts'
import {
  createRoleAssignment,
  deleteRoleAssignment,
  listRoleAssignments,
  listRoleDefinitions,
  roleAssignmentSchema,
  roleAssignmentsSchema,
  roleDefinitionsSchema,
} from './directory-roles.ts'
import {
  createUser,
  deleteUser,
  getMe,
  getUser,
  listUsers,
  revokeMySignInSessions,
  revocationSchema,
  revokeSignInSessions,
  updateUser,
} from './users.ts'
import { identityProvidersSchema, listIdentityProviders } from './identity-providers.ts'
import { listIdentities, objectIdentitiesSchema } from './identities.ts'
import { createOneTimeLink, deleteOneTimeLink, newOneTimeLinkSchema, oneTimeLinkBody } from './one-time-link.ts'
import {
  endMySignInSession,
  endSignInSession,
  listMySignInSessions,
  listSignInSessions,
  signInSessionsSchema,
} from './sign-in-sessions.ts'
import { changeMyPassword } from './passwords.ts'
import { createGroup, deleteGroup, getGroup, listGroups, updateGroup } from './groups.ts'
import {
  addMember,
  addOwner,
  checkMemberGroups,
  getMemberGroups,
  groupIdsSchema,
  listGroupsOf,
  listMembers,
  listOwners,
  removeMember,
  removeOwner,
} from './memberships.ts'
import {
  deletePermissionGrant,
  getPermissionGrant,
  listMyPermissionGrants,
  listPermissionGrants,
  listPermissionGrantsOfUser,
  permissionGrantSchema,
  permissionGrantsSchema,
} from './permission-grants.ts'
import { accessPassBody, createAccessPass, deleteAccessPass, newAccessPassSchema } from './temporary-access-pass.ts'

const direct = { transitive: false }
const transitive = { transitive: true }

/** The routes of users, groups and directory roles. */
// prettier-ignore
export const peopleRoutes: readonly GraphRow[] = [
  graphRow({ id: 'graph.users.list',                     method: 'GET',    path: '/users',                                                cost: 'list', need: 'visible',         response: userPageSchema, handle: listUsers }),
  graphRow({ id: 'graph.users.create',                   method: 'POST',   path: '/users',                                                cost: 'heavy-change', stepUp: true, need: 'directory-owner', body: newUserBody, response: userSchema, handle: createUser }),
  graphRow({ id: 'graph.users.get',                      method: 'GET',    path: '/users/:id',                                            cost: 'read', need: 'visible',         response: userSchema, handle: getUser }),
  graphRow({ id: 'graph.users.update',                   method: 'PATCH',  path: '/users/:id',                                            cost: 'heavy-change', stepUp: true, need: 'directory-owner', body: userChangeBody, response: 'none', handle: updateUser }),
  graphRow({ id: 'graph.users.delete',                   method: 'DELETE', path: '/users/:id',                                            cost: 'heavy-change', stepUp: true, need: 'directory-owner', response: 'none', handle: deleteUser }),
  graphRow({ id: 'graph.users.revokeSignInSessions',     method: 'POST',   path: '/users/:id/revokeSignInSessions',                       cost: 'heavy-change', stepUp: true, need: 'self',            body: 'none', response: revocationSchema, handle: revokeSignInSessions }),
  graphRow({ id: 'graph.users.memberOf',                 method: 'GET',    path: '/users/:id/memberOf',                                   cost: 'list', need: 'visible',         response: groupPageSchema, handle: listGroupsOf('users', direct) }),
  graphRow({ id: 'graph.users.transitiveMemberOf',       method: 'GET',    path: '/users/:id/transitiveMemberOf',                         cost: 'list', need: 'visible',         response: groupPageSchema, handle: listGroupsOf('users', transitive) }),
  graphRow({ id: 'graph.users.getMemberGroups',          method: 'POST',   path: '/users/:id/getMemberGroups',                            cost: 'list', stepUp: 'no: the request only reads data', need: 'visible',         body: memberGroupsBody, response: groupIdsSchema, handle: getMemberGroups('users') }),
  graphRow({ id: 'graph.users.checkMemberGroups',        method: 'POST',   path: '/users/:id/checkMemberGroups',                          cost: 'list', stepUp: 'no: the request only reads data', need: 'visible',         body: checkMemberGroupsBody, response: groupIdsSchema, handle: checkMemberGroups('users') }),
  graphRow({ id: 'graph.users.identities',               method: 'GET',    path: '/users/:id/identities',                                 cost: 'list', need: 'visible',         response: objectIdentitiesSchema, handle: listIdentities }),
  graphRow({ id: 'graph.users.methods',                  method: 'GET',    path: '/users/:id/authentication/methods',                     cost: 'list', need: 'visible',         response: authenticationMethodsSchema, handle: listAuthenticationMethods }),
  graphRow({ id: 'graph.users.resetPassword',            method: 'POST',   path: '/users/:id/authentication/methods/:method/resetPassword', cost: 'heavy-change', stepUp: true, need: 'directory-owner', body: resetPasswordBody, response: passwordResetSchema, handle: resetPassword }),
  graphRow({ id: 'graph.users.deleteSoftwareOathMethod', method: 'DELETE', path: '/users/:id/authentication/softwareOathMethods/:method', cost: 'heavy-change', stepUp: true, need: 'directory-owner', response: 'none', handle: deleteSoftwareOathMethod }),
  graphRow({ id: 'graph.users.deleteFido2Method',        method: 'DELETE', path: '/users/:id/authentication/fido2Methods/:method',        cost: 'heavy-change', stepUp: true, need: 'directory-owner', response: 'none', handle: deletePasskeyMethod }),
  graphRow({ id: 'graph.users.createAccessPass',         method: 'POST',   path: '/users/:id/authentication/temporaryAccessPassMethods',  cost: 'heavy-change', stepUp: true, need: 'directory-owner', body: accessPassBody, response: newAccessPassSchema, handle: createAccessPass }),
  graphRow({ id: 'graph.users.deleteAccessPass',         method: 'DELETE', path: '/users/:id/authentication/temporaryAccessPassMethods/:method', cost: 'heavy-change', stepUp: true, need: 'directory-owner', response: 'none', handle: deleteAccessPass }),
  graphRow({ id: 'graph.users.createOneTimeLink',        method: 'POST',   path: '/users/:id/authentication/oneTimeLinks',                cost: 'heavy-change', stepUp: true, need: 'directory-owner', body: oneTimeLinkBody, response: newOneTimeLinkSchema, handle: createOneTimeLink }),
  graphRow({ id: 'graph.users.deleteOneTimeLink',        method: 'DELETE', path: '/users/:id/authentication/oneTimeLinks/:link',          cost: 'heavy-change', stepUp: true, need: 'directory-owner', response: 'none', handle: deleteOneTimeLink }),
  graphRow({ id: 'graph.users.signInSessions',           method: 'GET',    path: '/users/:id/signInSessions',                             cost: 'list', need: 'visible',         response: signInSessionsSchema, handle: listSignInSessions }),
  graphRow({ id: 'graph.users.endSignInSession',         method: 'DELETE', path: '/users/:id/signInSessions/:session',                    cost: 'heavy-change', stepUp: true, need: 'self',            response: 'none', handle: endSignInSession }),

  graphRow({ id: 'graph.me.get',                         method: 'GET',    path: '/me',                                                   cost: 'read', need: 'visible',         response: userSchema, handle: getMe }),
  graphRow({ id: 'graph.me.changePassword',              method: 'POST',   path: '/me/changePassword',                                    cost: 'heavy-change', stepUp: 'no: the request requires the password', need: 'self',            body: changePasswordBody, response: 'none', handle: changeMyPassword }),
  graphRow({ id: 'graph.me.revokeSignInSessions',        method: 'POST',   path: '/me/revokeSignInSessions',                              cost: 'heavy-change', stepUp: true, need: 'self',            body: 'none', response: revocationSchema, handle: revokeMySignInSessions }),
  graphRow({ id: 'graph.me.memberOf',                    method: 'GET',    path: '/me/memberOf',                                          cost: 'list', need: 'visible',         response: groupPageSchema, handle: listGroupsOf('me', direct) }),
  graphRow({ id: 'graph.me.transitiveMemberOf',          method: 'GET',    path: '/me/transitiveMemberOf',                                cost: 'list', need: 'visible',         response: groupPageSchema, handle: listGroupsOf('me', transitive) }),
  graphRow({ id: 'graph.me.getMemberGroups',             method: 'POST',   path: '/me/getMemberGroups',                                   cost: 'list', stepUp: 'no: the request only reads data', need: 'visible',         body: memberGroupsBody, response: groupIdsSchema, handle: getMemberGroups('me') }),
  graphRow({ id: 'graph.me.checkMemberGroups',           method: 'POST',   path: '/me/checkMemberGroups',                                 cost: 'list', stepUp: 'no: the request only reads data', need: 'visible',         body: checkMemberGroupsBody, response: groupIdsSchema, handle: checkMemberGroups('me') }),
  graphRow({ id: 'graph.me.methods',                     method: 'GET',    path: '/me/authentication/methods',                            cost: 'list', need: 'visible',         response: authenticationMethodsSchema, handle: listMyAuthenticationMethods }),
  graphRow({ id: 'graph.me.signInSessions',              method: 'GET',    path: '/me/signInSessions',                                    cost: 'list', need: 'visible',         response: signInSessionsSchema, handle: listMySignInSessions }),
  graphRow({ id: 'graph.me.endSignInSession',            method: 'DELETE', path: '/me/signInSessions/:session',                           cost: 'heavy-change', stepUp: true, need: 'self',            response: 'none', handle: endMySignInSession }),

  graphRow({ id: 'graph.groups.list',                    method: 'GET',    path: '/groups',                                               cost: 'list', need: 'visible',         response: groupPageSchema, handle: listGroups }),
  graphRow({ id: 'graph.groups.create',                  method: 'POST',   path: '/groups',                                               cost: 'heavy-change', stepUp: 'no: the request grants no access and adds no content', need: 'directory-owner', body: newGroupBody, response: groupSchema, handle: createGroup }),
  graphRow({ id: 'graph.groups.get',                     method: 'GET',    path: '/groups/:id',                                           cost: 'read', need: 'visible',         response: groupSchema, handle: getGroup }),
  graphRow({ id: 'graph.groups.update',                  method: 'PATCH',  path: '/groups/:id',                                           cost: 'heavy-change', stepUp: true, need: 'directory-owner', body: groupChangeBody, response: 'none', handle: updateGroup }),
  graphRow({ id: 'graph.groups.delete',                  method: 'DELETE', path: '/groups/:id',                                           cost: 'heavy-change', stepUp: true, need: 'directory-owner', response: 'none', handle: deleteGroup }),
  graphRow({ id: 'graph.groups.members',                 method: 'GET',    path: '/groups/:id/members',                                   cost: 'list', need: 'visible',         response: directoryObjectPageSchema, handle: listMembers(direct) }),
  graphRow({ id: 'graph.groups.transitiveMembers',       method: 'GET',    path: '/groups/:id/transitiveMembers',                         cost: 'list', need: 'visible',         response: directoryObjectPageSchema, handle: listMembers(transitive) }),
  graphRow({ id: 'graph.groups.addMember',               method: 'POST',   path: '/groups/:id/members/$ref',                              cost: 'heavy-change', stepUp: true, need: 'group-owner',     body: referenceBody, response: 'none', handle: addMember }),
  graphRow({ id: 'graph.groups.removeMember',            method: 'DELETE', path: '/groups/:id/members/:member/$ref',                      cost: 'heavy-change', stepUp: true, need: 'group-owner',     response: 'none', handle: removeMember }),
  graphRow({ id: 'graph.groups.owners',                  method: 'GET',    path: '/groups/:id/owners',                                    cost: 'list', need: 'visible',         response: directoryObjectsSchema, handle: listOwners }),
  graphRow({ id: 'graph.groups.addOwner',                method: 'POST',   path: '/groups/:id/owners/$ref',                               cost: 'heavy-change', stepUp: true, need: 'directory-owner', body: referenceBody, response: 'none', handle: addOwner }),
  graphRow({ id: 'graph.groups.removeOwner',             method: 'DELETE', path: '/groups/:id/owners/:owner/$ref',                        cost: 'heavy-change', stepUp: true, need: 'directory-owner', response: 'none', handle: removeOwner }),
  graphRow({ id: 'graph.groups.memberOf',                method: 'GET',    path: '/groups/:id/memberOf',                                  cost: 'list', need: 'visible',         response: groupPageSchema, handle: listGroupsOf('groups', direct) }),
  graphRow({ id: 'graph.groups.transitiveMemberOf',      method: 'GET',    path: '/groups/:id/transitiveMemberOf',                        cost: 'list', need: 'visible',         response: groupPageSchema, handle: listGroupsOf('groups', transitive) }),
  graphRow({ id: 'graph.groups.getMemberGroups',         method: 'POST',   path: '/groups/:id/getMemberGroups',                           cost: 'list', stepUp: 'no: the request only reads data', need: 'visible',         body: memberGroupsBody, response: groupIdsSchema, handle: getMemberGroups('groups') }),
  graphRow({ id: 'graph.groups.checkMemberGroups',       method: 'POST',   path: '/groups/:id/checkMemberGroups',                         cost: 'list', stepUp: 'no: the request only reads data', need: 'visible',         body: checkMemberGroupsBody, response: groupIdsSchema, handle: checkMemberGroups('groups') }),

  graphRow({ id: 'graph.servicePrincipals.memberOf',           method: 'GET',  path: '/servicePrincipals/:id/memberOf',            cost: 'list', need: 'visible', response: groupPageSchema, handle: listGroupsOf('servicePrincipals', direct) }),
  graphRow({ id: 'graph.servicePrincipals.transitiveMemberOf', method: 'GET',  path: '/servicePrincipals/:id/transitiveMemberOf',  cost: 'list', need: 'visible', response: groupPageSchema, handle: listGroupsOf('servicePrincipals', transitive) }),
  graphRow({ id: 'graph.servicePrincipals.getMemberGroups',    method: 'POST', path: '/servicePrincipals/:id/getMemberGroups',     cost: 'list', stepUp: 'no: the request only reads data', need: 'visible', body: memberGroupsBody, response: groupIdsSchema, handle: getMemberGroups('servicePrincipals') }),
  graphRow({ id: 'graph.servicePrincipals.checkMemberGroups',  method: 'POST', path: '/servicePrincipals/:id/checkMemberGroups',   cost: 'list', stepUp: 'no: the request only reads data', need: 'visible', body: checkMemberGroupsBody, response: groupIdsSchema, handle: checkMemberGroups('servicePrincipals') }),
  graphRow({ id: 'graph.directoryObjects.getMemberGroups',     method: 'POST', path: '/directoryObjects/:id/getMemberGroups',      cost: 'list', stepUp: 'no: the request only reads data', need: 'visible', body: memberGroupsBody, response: groupIdsSchema, handle: getMemberGroups('directoryObjects') }),
  graphRow({ id: 'graph.directoryObjects.checkMemberGroups',   method: 'POST', path: '/directoryObjects/:id/checkMemberGroups',    cost: 'list', stepUp: 'no: the request only reads data', need: 'visible', body: checkMemberGroupsBody, response: groupIdsSchema, handle: checkMemberGroups('directoryObjects') }),

  graphRow({ id: 'graph.oauth2PermissionGrants.list',    method: 'GET',    path: '/oauth2PermissionGrants',           cost: 'list', need: 'visible', response: permissionGrantsSchema, handle: listPermissionGrants }),
  graphRow({ id: 'graph.oauth2PermissionGrants.get',     method: 'GET',    path: '/oauth2PermissionGrants/:id',       cost: 'read', need: 'visible', response: permissionGrantSchema, handle: getPermissionGrant }),
  graphRow({ id: 'graph.oauth2PermissionGrants.delete',  method: 'DELETE', path: '/oauth2PermissionGrants/:id',       cost: 'heavy-change', stepUp: 'no: the request only ends a session or revokes access', need: 'self',    response: 'none', handle: deletePermissionGrant }),
  graphRow({ id: 'graph.users.oauth2PermissionGrants',   method: 'GET',    path: '/users/:id/oauth2PermissionGrants', cost: 'list', need: 'visible', response: permissionGrantsSchema, handle: listPermissionGrantsOfUser }),
  graphRow({ id: 'graph.me.oauth2PermissionGrants',      method: 'GET',    path: '/me/oauth2PermissionGrants',        cost: 'list', need: 'visible', response: permissionGrantsSchema, handle: listMyPermissionGrants }),

  graphRow({ id: 'graph.identityProviders.list', method: 'GET',    path: '/identity/identityProviders',                           cost: 'list', need: 'visible',         response: identityProvidersSchema, handle: listIdentityProviders }),

  graphRow({ id: 'graph.roleDefinitions.list',   method: 'GET',    path: '/roleManagement/directory/roleDefinitions',             cost: 'list', need: 'visible',         response: roleDefinitionsSchema, handle: listRoleDefinitions }),
  graphRow({ id: 'graph.roleAssignments.list',   method: 'GET',    path: '/roleManagement/directory/roleAssignments',             cost: 'list', need: 'visible',         response: roleAssignmentsSchema, handle: listRoleAssignments }),
  graphRow({ id: 'graph.roleAssignments.create', method: 'POST',   path: '/roleManagement/directory/roleAssignments',             cost: 'heavy-change', stepUp: true, need: 'directory-owner', body: roleAssignmentBody, response: roleAssignmentSchema, handle: createRoleAssignment }),
  graphRow({ id: 'graph.roleAssignments.delete', method: 'DELETE', path: '/roleManagement/directory/roleAssignments/:assignment', cost: 'heavy-change', stepUp: true, need: 'directory-owner', response: 'none', handle: deleteRoleAssignment }),
]
