/* Written by `npm run generate` from the OpenAPI document of the server. */
export interface GraphApplication {
  readonly id: string
  /**
   * The client id.
   */
  readonly appId: string
  readonly displayName: string
  readonly createdDateTime: string
  readonly identifierUris: readonly string[]
  readonly publisherDomain: string
  readonly signInAudience: 'AzureADMyOrg'
  readonly isFallbackPublicClient: boolean | null
  /**
   * @maxItems 0
   */
  readonly requiredResourceAccess: readonly never[]
  readonly web: {
    readonly redirectUris: readonly string[]
  }
  readonly publicClient: {
    readonly redirectUris: readonly string[]
  }
  readonly spa: {
    readonly redirectUris: readonly string[]
  }
  readonly keyCredentials: readonly GraphKeyCredential[]
  readonly passwordCredentials: readonly GraphPasswordCredential[]
}
export interface GraphApplicationPage {
  /**
   * The URL of the next page. Absent on the last page.
   */
  readonly '@odata.nextLink'?: string
  readonly value: readonly GraphApplication[]
}
export interface GraphAuthenticationMethods {
  readonly value: readonly GraphAuthenticationMethod[]
}
export interface GraphBatch {
  readonly responses: {
    readonly id: string
    readonly status: number
    readonly headers: {
      [k: string]: string
    }
    readonly body?: unknown
  }[]
}
export interface GraphDirectoryObjectPage {
  /**
   * The URL of the next page. Absent on the last page.
   */
  readonly '@odata.nextLink'?: string
  readonly value: readonly GraphDirectoryObject[]
}
export interface GraphDirectoryObjects {
  readonly value: readonly GraphDirectoryObject[]
}
export interface GraphFederatedIdentityCredentials {
  readonly value: readonly GraphFederatedIdentityCredential[]
}
export interface GraphGroupPage {
  /**
   * The URL of the next page. Absent on the last page.
   */
  readonly '@odata.nextLink'?: string
  readonly value: readonly GraphGroup[]
}
export interface GraphIdentityProviders {
  readonly value: readonly GraphIdentityProvider[]
}
export interface GraphNewOneTimeLink {
  readonly id: string
  /**
   * The URL that the user opens. Later responses do not contain this value.
   */
  readonly link: string
  readonly createdDateTime: string
  readonly expirationDateTime: string
}
export interface GraphNewTemporaryAccessPass {
  readonly id: string
  /**
   * The code. Later responses do not contain this value.
   */
  readonly temporaryAccessPass: string
  readonly createdDateTime: string | null
  readonly startDateTime: string | null
  readonly lifetimeInMinutes: number
  readonly isUsableOnce: true
  readonly isUsable: boolean
  readonly methodUsabilityReason: 'EnabledByPolicy'
}
export interface GraphObjectIdentities {
  readonly value: readonly GraphObjectIdentity[]
}
export interface GraphServicePrincipalPage {
  /**
   * The URL of the next page. Absent on the last page.
   */
  readonly '@odata.nextLink'?: string
  readonly value: readonly GraphServicePrincipal[]
}
export interface GraphSignInSessions {
  readonly value: readonly GraphSignInSession[]
}
export interface GraphUnifiedRoleAssignments {
  readonly value: readonly GraphUnifiedRoleAssignment[]
}
export interface GraphUserPage {
  /**
   * The URL of the next page. Absent on the last page.
   */
  readonly '@odata.nextLink'?: string
  readonly value: readonly GraphUser[]
}
export interface GraphWorkloadTokenTest {
  /**
   * `matched` if the application can sign in with the token now.
   */
  readonly outcome:
    | 'matched'
    | 'issuer'
    | 'subject'
    | 'audience'
    | 'several'
    | 'disabled'
    | 'claims'
    | 'signature'
    | 'lifetime'
    | 'expired'
    | 'not-yet-valid'
    | 'no-times'
    | 'issuer-unavailable'
  readonly issuer: string
  readonly subject: string
  readonly audiences: readonly string[]
  readonly credentials: {
    readonly id: string
    readonly name: string
    readonly isMatch: boolean
    readonly differences: {
      readonly claim: string
      readonly expected: string
      /**
       * Null if the token lacks the claim, or if the claim is not a string.
       */
      readonly actual: string | null
    }[]
  }[]
}
export interface GraphKeyCredential {
  /**
   * The SHA-1 thumbprint of the certificate, in hexadecimal.
   */
  readonly customKeyIdentifier: string
  readonly displayName: string | null
  readonly endDateTime: string
  readonly key: null
  readonly keyId: string
  readonly startDateTime: string
  readonly type: 'AsymmetricX509Cert'
  readonly usage: 'Verify'
}
export interface GraphPasswordCredential {
  readonly customKeyIdentifier: null
  readonly displayName: string | null
  readonly endDateTime: string
  /**
   * The first characters of the secret.
   */
  readonly hint: string
  readonly keyId: string
  /**
   * The secret, in the response to `addPassword` only.
   */
  readonly secretText: string | null
  readonly startDateTime: string
}
export type GraphAuthenticationMethod =
  | {
      readonly '@odata.type': '#microsoft.graph.passwordAuthenticationMethod'
      readonly id: string
      readonly password: null
      readonly createdDateTime: string | null
    }
  | {
      readonly '@odata.type': '#microsoft.graph.softwareOathAuthenticationMethod'
      readonly id: string
      readonly secretKey: null
    }
  | {
      readonly '@odata.type': '#microsoft.graph.fido2AuthenticationMethod'
      readonly id: string
      readonly displayName: string
      readonly createdDateTime: string
    }
  | {
      readonly '@odata.type': '#microsoft.graph.temporaryAccessPassAuthenticationMethod'
      readonly id: string
      readonly temporaryAccessPass: null
      readonly createdDateTime: string
      readonly startDateTime: string
      readonly lifetimeInMinutes: number
      readonly isUsableOnce: true
    }
  | {
      readonly '@odata.type': '#acrux.oneTimeLinkAuthenticationMethod'
      readonly id: string
      readonly createdDateTime: string
      readonly expirationDateTime: string
    }
export type GraphDirectoryObject = GraphUser | GraphGroup | GraphServicePrincipal
export interface GraphFederatedIdentityCredential {
  readonly id: string
  readonly name: string
  readonly issuer: string
  readonly subject: string | null
  readonly description: string | null
  /**
   * @minItems 1
   * @maxItems 1
   */
  readonly audiences: readonly string[]
  /**
   * Present if `subject` is null.
   */
  readonly claimsMatchingExpression?: {
    readonly value: string
    readonly languageVersion: 1
  }
  /**
   * A more secure alternative to a subject that consists of names.
   */
  readonly '@acrux.hint'?: string
}
export interface GraphGroup {
  readonly '@odata.type': '#microsoft.graph.group'
  readonly id: string
  readonly displayName: string
  readonly description: string | null
  readonly mailNickname: string
  readonly createdDateTime: string
  /**
   * @maxItems 0
   */
  readonly groupTypes: readonly never[]
  readonly mail: null
  readonly mailEnabled: false
  readonly securityEnabled: true
}
export interface GraphIdentityProvider {
  readonly id: string
  readonly displayName: string
  readonly identityProviderType: 'OpenIDConnect' | 'AADSignIn'
  readonly issuer: string
  readonly clientId: string
  /**
   * The redirect URI that the provider must accept.
   */
  readonly callbackUrl: string
  /**
   * Empty if the provider accepts only one tenant.
   */
  readonly allowedTenants: readonly string[]
  readonly requiredGroup: string | null
  /**
   * Whether a person's first sign-in creates a user.
   */
  readonly createsUsers: boolean
  readonly signInHours: number
}
export interface GraphObjectIdentity {
  readonly signInType: 'federated'
  readonly issuer: string
  readonly issuerAssignedId: string
}
export interface GraphServicePrincipal {
  readonly '@odata.type': '#microsoft.graph.servicePrincipal'
  readonly id: string
  readonly appId: string
  readonly displayName: string
  readonly appDisplayName: string
  readonly accountEnabled: boolean
  /**
   * The server stores the value, which has no effect, because only role assignments grant access.
   */
  readonly appRoleAssignmentRequired: boolean
  /**
   * The id of the tenant.
   */
  readonly appOwnerOrganizationId: string
  readonly createdDateTime: string
  readonly servicePrincipalNames: readonly string[]
  readonly servicePrincipalType: 'Application' | 'ManagedIdentity'
  /**
   * Present only for the type `Application`.
   */
  readonly signInAudience?: 'AzureADMyOrg'
  /**
   * Present only for the type `ManagedIdentity`: whether the identity is user-assigned, and the identity's resource id.
   */
  readonly alternativeNames?: readonly string[]
  readonly keyCredentials: readonly GraphKeyCredential[]
  readonly passwordCredentials: readonly GraphPasswordCredential[]
}
export interface GraphSignInSession {
  readonly id: string
  /**
   * The application. `acrux-pages` is the sign-in page of this server in a browser.
   */
  readonly appId: string
  readonly appDisplayName: string | null
  /**
   * The values of the claim `amr`. [RFC 8176]
   */
  readonly authenticationMethods: readonly string[]
  readonly createdDateTime: string
  readonly lastUsedDateTime: string
  readonly expirationDateTime: string
  /**
   * The network address at the last use.
   */
  readonly ipAddress: string | null
  readonly userAgent: string | null
  /**
   * Whether the request uses this session.
   */
  readonly isCurrent: boolean
}
export interface GraphUnifiedRoleAssignment {
  readonly id: string
  readonly principalId: string
  readonly roleDefinitionId: string
  readonly directoryScopeId: '/'
}
export interface GraphUser {
  readonly '@odata.type': '#microsoft.graph.user'
  readonly id: string
  readonly userPrincipalName: string
  readonly displayName: string
  readonly accountEnabled: boolean
  readonly createdDateTime: string
  readonly mail: string | null
  readonly mailNickname: string | null
  readonly givenName: null
  readonly surname: null
}
