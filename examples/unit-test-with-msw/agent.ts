import { isStipendError, type PayingFetch } from 'stipend'

/** The agent under test: it buys a forecast, and says in one sentence what became of it. */
export async function planTrip(city: string, fetch: PayingFetch): Promise<string> {
  try {
    const response = await fetch(`https://weather.example.com/${city}`, { payment: { maxUsd: '0.05' } })
    if (!response.ok) return `No forecast for ${city}: the shop answered ${response.status}.`
    const { sky } = (await response.json()) as { readonly sky: string }
    return sky === 'rain' ? `Take an umbrella to ${city}.` : `${city} will be fine.`
  } catch (error) {
    if (isStipendError(error) && error.moved === 'no') return `No forecast for ${city}: ${error.code}.`
    throw error
  }
}
