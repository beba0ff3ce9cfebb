import { type Shape, list, properties, same, time } from '../../framework/values/shape.ts'

/** A role assignment, in the model of its api-version 2022-04-01. */
export const roleAssignment: Shape = {
  ...same('id', 'name', 'type'),
  ...properties(
    'scope',
    'roleDefinitionId',
    'principalId',
    'principalType',
    'description',
    'condition',
    'conditionVersion',
    'createdBy',
    'updatedBy',
    'delegatedManagedIdentityResourceId',
  ),
  createdOn: ['properties.createdOn', time],
  updatedOn: ['properties.updatedOn', time],
}

/** A role, in the model of its api-version 2022-05-01-preview. */
export const roleDefinition: Shape = {
  ...same('id', 'name', 'type'),
  ...properties('roleName', 'description', 'assignableScopes', 'createdBy', 'updatedBy'),
  roleType: 'properties.type',
  permissions: [
    'properties.permissions',
    list(same('actions', 'notActions', 'dataActions', 'notDataActions', 'condition', 'conditionVersion')),
  ],
  createdOn: ['properties.createdOn', time],
  updatedOn: ['properties.updatedOn', time],
}
