import {
  deletePasskeyMethod,
  deleteSoftwareOathMethod,
  listAuthenticationMethods,
  listMyAuthenticationMethods,
  resetPassword,
} from './authentication-methods.ts'
import {
  createRoleAssignment,
  deleteRoleAssignment,
  listRoleAssignments,
  listRoleDefinitions,
} from './directory-roles.ts'
import {
  listIdentities,
  changeMyPassword,
  createUser,
  deleteUser,
  getMe,
  getUser,
  listUsers,
  revokeMySignInSessions,
  revokeSignInSessions,
  updateUser,
} from './users.ts'
import { createGroup, deleteGroup, getGroup, listGroups, updateGroup } from './groups.ts'
import {
  addMember,
  addOwner,
  checkMemberGroups,
  getMemberGroups,
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
} from './permission-grants.ts'
import type { GraphRow } from '../surface/context.ts'
import { createAccessPass, deleteAccessPass } from './temporary-access-pass.ts'

const direct = { transitive: false }
const transitive = { transitive: true }

/** The rows of people, groups and directory roles. */
// prettier-ignore
export const peopleRoutes: readonly GraphRow[] = [
  { id: 'graph.users.list',                     method: 'GET',    path: '/users',                                                need: 'visible',         handle: listUsers },
  { id: 'graph.users.create',                   method: 'POST',   path: '/users',                                                need: 'directory-owner', handle: createUser },
  { id: 'graph.users.get',                      method: 'GET',    path: '/users/:id',                                            need: 'visible',         handle: getUser },
  { id: 'graph.users.update',                   method: 'PATCH',  path: '/users/:id',                                            need: 'directory-owner', handle: updateUser },
  { id: 'graph.users.delete',                   method: 'DELETE', path: '/users/:id',                                            need: 'directory-owner', handle: deleteUser },
  { id: 'graph.users.revokeSignInSessions',     method: 'POST',   path: '/users/:id/revokeSignInSessions',                       need: 'self',            handle: revokeSignInSessions },
  { id: 'graph.users.memberOf',                 method: 'GET',    path: '/users/:id/memberOf',                                   need: 'visible',         handle: listGroupsOf('users', direct) },
  { id: 'graph.users.transitiveMemberOf',       method: 'GET',    path: '/users/:id/transitiveMemberOf',                         need: 'visible',         handle: listGroupsOf('users', transitive) },
  { id: 'graph.users.getMemberGroups',          method: 'POST',   path: '/users/:id/getMemberGroups',                            need: 'visible',         handle: getMemberGroups('users') },
  { id: 'graph.users.checkMemberGroups',        method: 'POST',   path: '/users/:id/checkMemberGroups',                          need: 'visible',         handle: checkMemberGroups('users') },
  { id: 'graph.users.identities',               method: 'GET',    path: '/users/:id/identities',                                 need: 'visible',         handle: listIdentities },
  { id: 'graph.users.methods',                  method: 'GET',    path: '/users/:id/authentication/methods',                     need: 'visible',         handle: listAuthenticationMethods },
  { id: 'graph.users.resetPassword',            method: 'POST',   path: '/users/:id/authentication/methods/:method/resetPassword', need: 'directory-owner', handle: resetPassword },
  { id: 'graph.users.deleteSoftwareOathMethod', method: 'DELETE', path: '/users/:id/authentication/softwareOathMethods/:method', need: 'directory-owner', handle: deleteSoftwareOathMethod },
  { id: 'graph.users.deleteFido2Method',        method: 'DELETE', path: '/users/:id/authentication/fido2Methods/:method',        need: 'directory-owner', handle: deletePasskeyMethod },
  { id: 'graph.users.createAccessPass',         method: 'POST',   path: '/users/:id/authentication/temporaryAccessPassMethods',  need: 'directory-owner', handle: createAccessPass },
  { id: 'graph.users.deleteAccessPass',         method: 'DELETE', path: '/users/:id/authentication/temporaryAccessPassMethods/:method', need: 'directory-owner', handle: deleteAccessPass },

  { id: 'graph.me.get',                         method: 'GET',    path: '/me',                                                   need: 'visible',         handle: getMe },
  { id: 'graph.me.changePassword',              method: 'POST',   path: '/me/changePassword',                                    need: 'self',            handle: changeMyPassword },
  { id: 'graph.me.revokeSignInSessions',        method: 'POST',   path: '/me/revokeSignInSessions',                              need: 'self',            handle: revokeMySignInSessions },
  { id: 'graph.me.memberOf',                    method: 'GET',    path: '/me/memberOf',                                          need: 'visible',         handle: listGroupsOf('me', direct) },
  { id: 'graph.me.transitiveMemberOf',          method: 'GET',    path: '/me/transitiveMemberOf',                                need: 'visible',         handle: listGroupsOf('me', transitive) },
  { id: 'graph.me.getMemberGroups',             method: 'POST',   path: '/me/getMemberGroups',                                   need: 'visible',         handle: getMemberGroups('me') },
  { id: 'graph.me.checkMemberGroups',           method: 'POST',   path: '/me/checkMemberGroups',                                 need: 'visible',         handle: checkMemberGroups('me') },
  { id: 'graph.me.methods',                     method: 'GET',    path: '/me/authentication/methods',                            need: 'visible',         handle: listMyAuthenticationMethods },

  { id: 'graph.groups.list',                    method: 'GET',    path: '/groups',                                               need: 'visible',         handle: listGroups },
  { id: 'graph.groups.create',                  method: 'POST',   path: '/groups',                                               need: 'directory-owner', handle: createGroup },
  { id: 'graph.groups.get',                     method: 'GET',    path: '/groups/:id',                                           need: 'visible',         handle: getGroup },
  { id: 'graph.groups.update',                  method: 'PATCH',  path: '/groups/:id',                                           need: 'directory-owner', handle: updateGroup },
  { id: 'graph.groups.delete',                  method: 'DELETE', path: '/groups/:id',                                           need: 'directory-owner', handle: deleteGroup },
  { id: 'graph.groups.members',                 method: 'GET',    path: '/groups/:id/members',                                   need: 'visible',         handle: listMembers(direct) },
  { id: 'graph.groups.transitiveMembers',       method: 'GET',    path: '/groups/:id/transitiveMembers',                         need: 'visible',         handle: listMembers(transitive) },
  { id: 'graph.groups.addMember',               method: 'POST',   path: '/groups/:id/members/$ref',                              need: 'group-owner',     handle: addMember },
  { id: 'graph.groups.removeMember',            method: 'DELETE', path: '/groups/:id/members/:member/$ref',                      need: 'group-owner',     handle: removeMember },
  { id: 'graph.groups.owners',                  method: 'GET',    path: '/groups/:id/owners',                                    need: 'visible',         handle: listOwners },
  { id: 'graph.groups.addOwner',                method: 'POST',   path: '/groups/:id/owners/$ref',                               need: 'directory-owner', handle: addOwner },
  { id: 'graph.groups.removeOwner',             method: 'DELETE', path: '/groups/:id/owners/:owner/$ref',                        need: 'directory-owner', handle: removeOwner },
  { id: 'graph.groups.memberOf',                method: 'GET',    path: '/groups/:id/memberOf',                                  need: 'visible',         handle: listGroupsOf('groups', direct) },
  { id: 'graph.groups.transitiveMemberOf',      method: 'GET',    path: '/groups/:id/transitiveMemberOf',                        need: 'visible',         handle: listGroupsOf('groups', transitive) },
  { id: 'graph.groups.getMemberGroups',         method: 'POST',   path: '/groups/:id/getMemberGroups',                           need: 'visible',         handle: getMemberGroups('groups') },
  { id: 'graph.groups.checkMemberGroups',       method: 'POST',   path: '/groups/:id/checkMemberGroups',                         need: 'visible',         handle: checkMemberGroups('groups') },

  { id: 'graph.servicePrincipals.memberOf',           method: 'GET',  path: '/servicePrincipals/:id/memberOf',            need: 'visible', handle: listGroupsOf('servicePrincipals', direct) },
  { id: 'graph.servicePrincipals.transitiveMemberOf', method: 'GET',  path: '/servicePrincipals/:id/transitiveMemberOf',  need: 'visible', handle: listGroupsOf('servicePrincipals', transitive) },
  { id: 'graph.servicePrincipals.getMemberGroups',    method: 'POST', path: '/servicePrincipals/:id/getMemberGroups',     need: 'visible', handle: getMemberGroups('servicePrincipals') },
  { id: 'graph.servicePrincipals.checkMemberGroups',  method: 'POST', path: '/servicePrincipals/:id/checkMemberGroups',   need: 'visible', handle: checkMemberGroups('servicePrincipals') },
  { id: 'graph.directoryObjects.getMemberGroups',     method: 'POST', path: '/directoryObjects/:id/getMemberGroups',      need: 'visible', handle: getMemberGroups('directoryObjects') },
  { id: 'graph.directoryObjects.checkMemberGroups',   method: 'POST', path: '/directoryObjects/:id/checkMemberGroups',    need: 'visible', handle: checkMemberGroups('directoryObjects') },

  { id: 'graph.oauth2PermissionGrants.list',    method: 'GET',    path: '/oauth2PermissionGrants',           need: 'visible', handle: listPermissionGrants },
  { id: 'graph.oauth2PermissionGrants.get',     method: 'GET',    path: '/oauth2PermissionGrants/:id',       need: 'visible', handle: getPermissionGrant },
  { id: 'graph.oauth2PermissionGrants.delete',  method: 'DELETE', path: '/oauth2PermissionGrants/:id',       need: 'self',    handle: deletePermissionGrant },
  { id: 'graph.users.oauth2PermissionGrants',   method: 'GET',    path: '/users/:id/oauth2PermissionGrants', need: 'visible', handle: listPermissionGrantsOfUser },
  { id: 'graph.me.oauth2PermissionGrants',      method: 'GET',    path: '/me/oauth2PermissionGrants',        need: 'visible', handle: listMyPermissionGrants },

  { id: 'graph.roleDefinitions.list',   method: 'GET',    path: '/roleManagement/directory/roleDefinitions',             need: 'visible',         handle: listRoleDefinitions },
  { id: 'graph.roleAssignments.list',   method: 'GET',    path: '/roleManagement/directory/roleAssignments',             need: 'visible',         handle: listRoleAssignments },
  { id: 'graph.roleAssignments.create', method: 'POST',   path: '/roleManagement/directory/roleAssignments',             need: 'directory-owner', handle: createRoleAssignment },
  { id: 'graph.roleAssignments.delete', method: 'DELETE', path: '/roleManagement/directory/roleAssignments/:assignment', need: 'directory-owner', handle: deleteRoleAssignment },
]
