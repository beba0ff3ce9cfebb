/* Written by `npm run generate` from the OpenAPI document of the server. */
export interface EnrollmentCode {
  readonly code: string
  readonly expiresOn: string
}
export interface Identity {
  readonly id: string
  readonly name: string
  readonly type: 'Microsoft.ManagedIdentity/userAssignedIdentities'
  readonly location: string
  readonly tags: {
    [k: string]: string
  }
  readonly properties: {
    readonly tenantId: string
    readonly principalId: string
    readonly clientId: string
  }
}
export interface Machine {
  readonly id: string
  readonly name: string
  readonly type: 'Microsoft.HybridCompute/machines'
  readonly location: string
  readonly tags: {
    [k: string]: string
  }
  readonly identity: {
    readonly type: 'SystemAssigned' | 'SystemAssigned,UserAssigned'
    readonly principalId: string
    readonly tenantId: string
    readonly userAssignedIdentities?: {
      [k: string]: {
        readonly clientId: string
        readonly principalId: string
      }
    }
  }
  readonly properties: {
    readonly provisioningState: 'Succeeded'
    readonly displayName: string
    readonly status: 'Connected' | 'Disconnected'
    readonly lastStatusChange?: string
  }
}
