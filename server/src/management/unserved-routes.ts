import type { CallerNeed } from './arm/need.ts'
import {
  getNone,
  getTags,
  getUnserved,
  listNone,
  listUnserved,
  rejectNone,
  rejectUnserved,
} from './registries/unserved-types.ts'
import { type ManagementRow, action, anyRole, table } from './table.ts'

const subscription = '/subscriptions/:subscriptionId'
const group = `${subscription}/resourceGroups/:resourceGroup`
const registry = `${group}/providers/Microsoft.ContainerRegistry/registries/:registry`
const identity = `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/:identity`
const machine = `${group}/providers/Microsoft.HybridCompute/machines/:machine`
const readRegistry = action('Microsoft.ContainerRegistry/registries/read')
const child = `${registry}/:type`

/** What Azure has and this server does not. The paths that are served are more specific, and take precedence. */
// prettier-ignore
const childRows = table([
  { id: 'unserved.list',   method: 'GET',    path: child,                  need: readRegistry, cost: 'read', handle: listUnserved },
  { id: 'unserved.act',    method: 'POST',   path: child,                  need: readRegistry, cost: 'read', denies: true, handle: rejectUnserved },
  { id: 'unserved.get',    method: 'GET',    path: `${child}/:name`,       need: readRegistry, cost: 'read', denies: true, handle: getUnserved },
  { id: 'unserved.put',    method: 'PUT',    path: `${child}/:name`,       need: readRegistry, cost: 'read', denies: true, handle: rejectUnserved },
  { id: 'unserved.patch',  method: 'PATCH',  path: `${child}/:name`,       need: readRegistry, cost: 'read', denies: true, handle: rejectUnserved },
  { id: 'unserved.delete', method: 'DELETE', path: `${child}/:name`,       need: readRegistry, cost: 'read', denies: true, handle: rejectUnserved },
  { id: 'unserved.actOn',  method: 'POST',   path: `${child}/:name/:verb`, need: readRegistry, cost: 'read', denies: true, handle: rejectUnserved },
  { id: 'tagNames.list', method: 'GET', path: `${subscription}/tagNames`, need: anyRole('Microsoft.Resources/subscriptions/tagNames/read'), cost: 'read', handle: listNone },
])

/** Tags can be read here, and are changed with their resource. */
function tagRows(scopeName: string, scopePath: string, need: CallerNeed): readonly ManagementRow[] {
  const path = `${scopePath}/providers/Microsoft.Resources/tags/default`
  // prettier-ignore
  return table([
    { id: `tags.get.${scopeName}`,    method: 'GET',    path, need, cost: 'read', handle: getTags },
    { id: `tags.put.${scopeName}`,    method: 'PUT',    path, need, cost: 'read', denies: true, handle: rejectNone },
    { id: `tags.patch.${scopeName}`,  method: 'PATCH',  path, need, cost: 'read', denies: true, handle: rejectNone },
    { id: `tags.delete.${scopeName}`, method: 'DELETE', path, need, cost: 'read', denies: true, handle: rejectNone },
  ])
}

/** Locks and private endpoints: there are none at any scope. */
function noneRows(scopeName: string, scopePath: string, need: CallerNeed): readonly ManagementRow[] {
  const types = { locks: 'Microsoft.Authorization/locks', privateEndpoints: 'Microsoft.Network/privateEndpoints' }
  return Object.entries(types).flatMap(([name, type]) => {
    const path = `${scopePath}/providers/${type}`
    // prettier-ignore
    return table([
      { id: `${name}.list.${scopeName}`,   method: 'GET',    path,                   need, cost: 'read', handle: listNone },
      { id: `${name}.get.${scopeName}`,    method: 'GET',    path: `${path}/:name`, need, cost: 'read', denies: true, handle: getNone },
      { id: `${name}.put.${scopeName}`,    method: 'PUT',    path: `${path}/:name`, need, cost: 'read', denies: true, handle: rejectNone },
      { id: `${name}.delete.${scopeName}`, method: 'DELETE', path: `${path}/:name`, need, cost: 'read', denies: true, handle: rejectNone },
    ])
  })
}

const readDenials = action('Microsoft.Authorization/denyAssignments/read')

/** Deny assignments: there are none, so no filter of them finds any. */
function denyAssignmentRows(scopeName: string, scopePath: string): readonly ManagementRow[] {
  const path = `${scopePath}/providers/Microsoft.Authorization/denyAssignments`
  // prettier-ignore
  return table([
    { id: `denyAssignments.list.${scopeName}`, method: 'GET', path,                  need: readDenials, cost: 'read', handle: listNone, filtered: true },
    { id: `denyAssignments.get.${scopeName}`,  method: 'GET', path: `${path}/:name`, need: readDenials, cost: 'read', denies: true, handle: getNone },
  ])
}

/** The routes of what Azure has and this server does not. */
export const unservedRows: readonly ManagementRow[] = [
  ...childRows,
  ...noneRows('subscription', subscription, anyRole('Microsoft.Authorization/locks/read')),
  ...noneRows('group', group, anyRole('Microsoft.Authorization/locks/read')),
  ...noneRows('registry', registry, readRegistry),
  ...denyAssignmentRows('subscription', subscription),
  ...denyAssignmentRows('resourceGroup', group),
  ...denyAssignmentRows('registry', registry),
  ...denyAssignmentRows('identity', identity),
  ...denyAssignmentRows('machine', machine),
  ...tagRows('subscription', subscription, anyRole('Microsoft.Resources/tags/read')),
  ...tagRows('group', group, action('Microsoft.Resources/subscriptions/resourceGroups/read')),
  ...tagRows('registry', registry, readRegistry),
]
