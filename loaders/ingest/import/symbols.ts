import {parsePair} from "../../../src/lib/market/pair.js";

/** Currencies that markets are quoted in, the longest first. */
const QUOTES = [
  "FDUSD",
  "USDT",
  "USDC",
  "BUSD",
  "TUSD",
  "USDD",
  "USDE",
  "USD",
  "EUR",
  "GBP",
  "TRY",
  "BRL",
  "BTC",
  "ETH"
];

/** Other names of a coin: Kraken and BitMEX write Bitcoin as XBT; tables for people write the whole name. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  XBT: "BTC",
  XDG: "DOGE",
  BITCOIN: "BTC",
  ETHEREUM: "ETH",
  SOLANA: "SOL",
  RIPPLE: "XRP",
  DOGECOIN: "DOGE",
  LITECOIN: "LTC",
  CARDANO: "ADA",
  CHAINLINK: "LINK",
  POLKADOT: "DOT",
  AVALANCHE: "AVAX"
};

/**
 * Coins that are known by name, to tell `BNB/USD` from `BN/BUSD`. A coin that is missing here is still read wherever its
 * symbol has one reading alone, or a separator.
 */
const COINS = new Set(
  (
    "1INCH AAVE ACH ADA AGIX AGLD AI AIXBT AKT ALGO ALICE ALPHA ALT AMP ANKR ANT APE API3 APT AR ARB ARK ARKM ARPA ASTR ATA " +
    "ATOM AUCTION AUDIO AVAX AXL AXS BAL BAND BAT BB BCH BEL BERA BICO BIGTIME BLUR BLZ BNB BNT BNX BOME BONK BRETT BSV BTC " +
    "BTCB BTT C98 CAKE CELO CELR CFX CHR CHZ CKB COMP COTI CRO CRV CTK CTSI CVC CVX CYBER DAI DASH DENT DEXE DGB DODO DOGE " +
    "DOT DUSK DYDX DYM EDU EGLD EIGEN ENA ENJ ENS EOS ETC ETH ETHFI ETHW FARTCOIN FET FIL FLM FLOKI FLOW FRONT FTM FTT FXS " +
    "GALA GAS GLM GLMR GMT GMX GNO GOAT GRASS GRT GTC HBAR HFT HIFI HIGH HMSTR HNT HOOK HOT HYPE ICP ICX ID IDEX ILV IMX INJ " +
    "IO IOST IOTA IOTX IP JASMY JOE JTO JUP KAITO KAS KAVA KDA KEY KLAY KNC KSM LDO LEVER LINA LINK LIT LOKA LOOM LPT LQTY " +
    "LRC LSK LTC LUNA LUNA2 LUNC MAGIC MANA MANTA MASK MATIC MAV MEME METIS MINA MKR MNT MOG MOVE MOVR MTL MYRO NEAR NEIRO " +
    "NEO NEXO NFP NKN NMR NOT NTRN OCEAN OGN OKB OM OMG OMNI ONDO ONE ONG ONT OP ORBS ORDI OXT PAXG PENDLE PENGU PEOPLE PEPE " +
    "PERP PHA PIXEL PNUT POL POLYX POND POPCAT PORTAL POWR PYTH QNT QTUM RAD RARE RAY RDNT REEF REI REN RENDER REQ REZ RIF " +
    "RLC RNDR RON ROSE RPL RSR RUNE RVN S SAGA SAND SATS SC SEI SFP SHIB SKL SLP SNT SNX SOL SPELL SSV STEEM STETH STG STMX " +
    "STORJ STRK STX SUI SUN SUPER SUSHI SXP T TAO THETA TIA TLM TNSR TON TRB TRU TRUMP TRX TURBO TWT UMA UNFI UNI USTC VET " +
    "VIRTUAL W WAVES WAXP WBTC WETH WIF WLD WLFI WOO XAI XAUT XCN XEC XEM XLM XMR XRP XTZ XVG XVS YFI YGG ZEC ZEN ZETA ZIL ZK " +
    "ZRO ZRX"
  ).split(" ")
);

/** Coins whose names are also ordinary words of a table: alone they make no column one of coins. */
const WORDS = new Set(
  (
    "ALL ALT AR AUCTION BAND BAT DENT DYDX EDU FLOW FRONT GAS GMX GOAT GRASS HIGH HOOK HOT ID IO IP JOE JUP KEY LINK LIT LOOM " +
    "MAGIC MASK MOVE NEAR NOT OM ONE OP PEOPLE PERP POL POND PORTAL POWR RAD RARE RAY REI REQ RENDER S SAND SC SUN SUPER T " +
    "TON TRUMP TURBO W WAVES"
  ).split(" ")
);

/** Coins of a base that counts many: `1000PEPE`, `kPEPE`. */
const counted = (base: string): string => base.replace(/^(?:10{3,6}|k(?=[A-Z]))/, "");
const isKnown = (base: string): boolean => COINS.has(base) || COINS.has(counted(base));
const isQuote = (text: string): boolean => QUOTES.includes(text.toUpperCase());

/** Case tells `kPEPE`, a thousand PEPE, from a coin named KPEPE; anything else is written in capitals. */
const baseName = (text: string): string => {
  const base = /^k[A-Z0-9]{2,}$/.test(text) ? text : text.toUpperCase();
  return OTHER_NAMES[base] ?? base;
};

const pairOf = (base: string, quote: string): string | undefined => {
  try {
    return parsePair(`${baseName(base)}/${quote.toUpperCase()}`);
  } catch {
    return undefined;
  }
};

/**
 * Returns the pairs that a symbol may name, `BTCUSDT` or `BTC-USDT`, the likeliest first. One whose base is a known
 * coin excludes those whose base is none; two that remain must be asked about.
 */
export function readingsOf(symbol: string): string[] {
  const parts = symbol.split(/[-_/]/);
  if (parts.length >= 2 && parts[0] && isQuote(parts[1]!)) {
    const pair = pairOf(parts[0], parts[1]!);
    return pair ? [pair] : [];
  }
  if (parts.length > 1) return [];
  const upper = symbol.toUpperCase();
  const fits = QUOTES.filter((quote) => upper.endsWith(quote) && upper.length > quote.length).flatMap((quote) => {
    const base = symbol.slice(0, -quote.length);
    const pair = pairOf(base, quote);
    return pair ? [{pair, known: isKnown(baseName(base))}] : [];
  });
  const known = fits.filter((fit) => fit.known);
  return (known.length > 0 ? known : fits).map(({pair}) => pair);
}

/** True for a coin's name that may as well be a side, a state or a kind: `PERP`, `HIGH`, `T`. */
export const isWord = (text: string): boolean => WORDS.has(text.toUpperCase());
/** True for the name of a coin. */
export const isCoin = (word: string): boolean => isKnown(baseName(word));
export {baseName, isQuote};
