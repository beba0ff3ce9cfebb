/** Who created or changed a resource: `createdBy` and `createdByType` of ARM's `systemData`. [arm-facts §1, §6] */
export type Author = { readonly name: string; readonly kind: 'User' | 'Application' }
