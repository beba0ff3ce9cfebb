/** The locations that are offered. Any other name is taken too: a location is a label, nothing is placed by it. */
export const locations = [
  { name: 'local', displayName: 'Local', geography: 'Local' },
  { name: 'eastus', displayName: 'East US', geography: 'US' },
  { name: 'eastus2', displayName: 'East US 2', geography: 'US' },
  { name: 'centralus', displayName: 'Central US', geography: 'US' },
  { name: 'westus', displayName: 'West US', geography: 'US' },
  { name: 'westus2', displayName: 'West US 2', geography: 'US' },
  { name: 'northeurope', displayName: 'North Europe', geography: 'Europe' },
  { name: 'westeurope', displayName: 'West Europe', geography: 'Europe' },
  { name: 'uksouth', displayName: 'UK South', geography: 'UK' },
  { name: 'southeastasia', displayName: 'Southeast Asia', geography: 'Asia Pacific' },
  { name: 'japaneast', displayName: 'Japan East', geography: 'Asia Pacific' },
  { name: 'australiaeast', displayName: 'Australia East', geography: 'Asia Pacific' },
] as const
