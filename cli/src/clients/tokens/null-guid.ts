/** The user name that goes with an ACR refresh token. [acr-protocol §1.9] */
export const nullGuid = '00000000-0000-0000-0000-000000000000'
