import {
  addApplicationOwner,
  listApplicationOwners,
  listServicePrincipalOwners,
  removeApplicationOwner,
} from './application-owners.ts'
import {
  createApplication,
  deleteApplication,
  getApplication,
  listApplications,
  updateApplication,
} from './applications.ts'
import {
  createFederatedCredential,
  deleteFederatedCredential,
  getFederatedCredential,
  listFederatedCredentials,
  updateFederatedCredential,
} from './federated-credentials.ts'
import { deleteDirectoryObject, getByIds, getOwnedObjects } from './objects.ts'
import { addPassword, removePassword } from './passwords.ts'
import {
  createServicePrincipal,
  deleteServicePrincipal,
  getServicePrincipal,
  listServicePrincipals,
  updateServicePrincipal,
} from './service-principals.ts'
import type { GraphRow } from '../surface/context.ts'

/** The routes of applications, service principals and directory objects. */
// prettier-ignore
export const applicationRoutes: readonly GraphRow[] = [
  { id: 'graph.applications.list',               method: 'GET',    path: '/applications',                         need: 'visible',           handle: listApplications },
  { id: 'graph.applications.create',             method: 'POST',   path: '/applications',                         need: 'directory-owner',   handle: createApplication },
  { id: 'graph.applications.get',                method: 'GET',    path: '/applications/:id',                     need: 'visible',           handle: getApplication },
  { id: 'graph.applications.update',             method: 'PATCH',  path: '/applications/:id',                     need: 'application-owner', handle: updateApplication },
  { id: 'graph.applications.delete',             method: 'DELETE', path: '/applications/:id',                     need: 'directory-owner',   handle: deleteApplication },
  { id: 'graph.applications.addPassword',        method: 'POST',   path: '/applications/:id/addPassword',         need: 'application-owner', handle: addPassword('applications') },
  { id: 'graph.applications.removePassword',     method: 'POST',   path: '/applications/:id/removePassword',      need: 'application-owner', handle: removePassword('applications') },
  { id: 'graph.applications.owners',             method: 'GET',    path: '/applications/:id/owners',              need: 'visible',           handle: listApplicationOwners },
  { id: 'graph.applications.addOwner',           method: 'POST',   path: '/applications/:id/owners/$ref',         need: 'application-owner', handle: addApplicationOwner },
  { id: 'graph.applications.removeOwner',        method: 'DELETE', path: '/applications/:id/owners/:owner/$ref',  need: 'application-owner', handle: removeApplicationOwner },
  { id: 'graph.federatedCredentials.list',       method: 'GET',    path: '/applications/:id/federatedIdentityCredentials',             need: 'visible',           handle: listFederatedCredentials },
  { id: 'graph.federatedCredentials.create',     method: 'POST',   path: '/applications/:id/federatedIdentityCredentials',             need: 'application-owner', handle: createFederatedCredential },
  { id: 'graph.federatedCredentials.get',        method: 'GET',    path: '/applications/:id/federatedIdentityCredentials/:credential', need: 'visible',           handle: getFederatedCredential },
  { id: 'graph.federatedCredentials.update',     method: 'PATCH',  path: '/applications/:id/federatedIdentityCredentials/:credential', need: 'application-owner', handle: updateFederatedCredential },
  { id: 'graph.federatedCredentials.delete',     method: 'DELETE', path: '/applications/:id/federatedIdentityCredentials/:credential', need: 'application-owner', handle: deleteFederatedCredential },
  { id: 'graph.servicePrincipals.list',          method: 'GET',    path: '/servicePrincipals',                    need: 'visible',           handle: listServicePrincipals },
  { id: 'graph.servicePrincipals.create',        method: 'POST',   path: '/servicePrincipals',                    need: 'directory-owner',   handle: createServicePrincipal },
  { id: 'graph.servicePrincipals.get',           method: 'GET',    path: '/servicePrincipals/:id',                need: 'visible',           handle: getServicePrincipal },
  { id: 'graph.servicePrincipals.update',        method: 'PATCH',  path: '/servicePrincipals/:id',                need: 'application-owner', handle: updateServicePrincipal },
  { id: 'graph.servicePrincipals.delete',        method: 'DELETE', path: '/servicePrincipals/:id',                need: 'directory-owner',   handle: deleteServicePrincipal },
  { id: 'graph.servicePrincipals.owners',        method: 'GET',    path: '/servicePrincipals/:id/owners',         need: 'visible',           handle: listServicePrincipalOwners },
  { id: 'graph.servicePrincipals.addPassword',   method: 'POST',   path: '/servicePrincipals/:id/addPassword',    need: 'application-owner', handle: addPassword('servicePrincipals') },
  { id: 'graph.servicePrincipals.removePassword', method: 'POST',  path: '/servicePrincipals/:id/removePassword', need: 'application-owner', handle: removePassword('servicePrincipals') },
  { id: 'graph.me.ownedObjects',                 method: 'GET',    path: '/me/ownedObjects',                      need: 'visible',           handle: getOwnedObjects },
  { id: 'graph.directoryObjects.getByIds',       method: 'POST',   path: '/directoryObjects/getByIds',            need: 'visible',           handle: getByIds },
  { id: 'graph.directoryObjects.delete',         method: 'DELETE', path: '/directoryObjects/:id',                 need: 'directory-owner',   handle: deleteDirectoryObject },
]
