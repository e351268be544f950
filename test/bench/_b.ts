import {madeMarket} from "./market.ts";
import {windowOf} from "../../src/lib/backtest/window.ts";
import {runWindows} from "../../src/lib/backtest/run.ts";
import {Kernel} from "../../src/lib/sweep/kernel.ts";
import {prepare} from "../../src/lib/sweep/prepare.ts";
import {parseConfig} from "../../src/lib/strategy/config.ts";
import {metricsOf} from "../../src/lib/stats/metrics.ts";
const data = madeMarket();
let t=performance.now(); const w = windowOf(data,{},true); console.log("window",performance.now()-t);
t=performance.now(); const p = prepare(w); console.log("prepare",performance.now()-t);
for (const strategy of ["simple","composite"]) {
 const configs=[]; for(let i=0;i<32;i++) for(let j=0;j<32;j++) configs.push(parseConfig(strategy==="simple"?{strategy,minRate:String(0.0002+i*0.00001),exitRate:String(j*0.000005)}:{strategy,volumeFilter:false,entry:String(0.3+i*0.01),exit:String(0.05+j*0.005)}));
 const k=new Kernel(p);
 for(let rep=0;rep<4;rep++){ t=performance.now(); let n=0,tr=0,ex=0; for(const c of configs){const o=k.run(c); if(o){n++;tr+=o.trades;ex+=o.exposure;}} const ms=performance.now()-t; console.log(strategy,(configs.length/ms*1000).toFixed(0),"trials/s",n,tr/n,ex/n);}
 for(let rep=0;rep<4;rep++){t=performance.now(); const w2=w; const r=runWindows([w2],configs[40]); const t2=performance.now(); metricsOf(r); const t3=performance.now(); runWindows([w2],configs[40],{keepSteps:true}); console.log("exact",r.trades.length,(t2-t).toFixed(1),"metrics",(t3-t2).toFixed(1),"steps",(performance.now()-t3).toFixed(1));}
}
