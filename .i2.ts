import { createGateway } from '#gateway';
import { systemClock, sha256 } from '#kernel';
import { estimateUsage, protocols } from '#protocols';
import { createPricer } from '#providers';
import { createRedactor } from '#telemetry';
import { buildRoutes } from '/tmp/mw/wt/lead/src/app/routes.ts';
import { configSchema } from '#contracts';
import { chatQuestion } from '/tmp/mw/wt/lead/bench/http/question.ts';
const config = configSchema.parse({providers:{openai:{baseUrl:'http://127.0.0.1:1/v1',apiKey:'x'}},routes:{chat:{tiers:[{name:'primary',targets:[{provider:'openai'}]}]}}});
const table = buildRoutes(config);
const req = Buffer.from(chatQuestion({port:1,headers:{}}).numbered(0)).toString();
const body = Buffer.from(req.slice(req.indexOf('\r\n\r\n')+4));
const answer = Buffer.from(JSON.stringify({id:'chatcmpl-1',object:'chat.completion',created:1790000000,model:'gpt-4o-mini-2024-07-18',choices:[{index:0,message:{role:'assistant',content:'The record 000 shows your parcel at the depot in Lindenau since Tuesday evening. The van could not pass the closed street, so the driver brought it back. You can collect it there until Saturday, or name a neighbour who takes it.',refusal:null,annotations:[]},logprobs:null,finish_reason:'stop'}],usage:{prompt_tokens:96,completion_tokens:54,total_tokens:150,prompt_tokens_details:{cached_tokens:0,audio_tokens:0},completion_tokens_details:{reasoning_tokens:0,audio_tokens:0,accepted_prediction_tokens:0,rejected_prediction_tokens:0}},service_tier:'default',system_fingerprint:'fp_0123456789'}));
const clock = systemClock();
const key = {id:'k1',name:'bench',hash:sha256('mw_x'),createdAt:0,hint:''};
const byHash = new Map([[key.hash,key]]);
const call = {cancel(){},pause(){},resume(){}};
let n=0;
const gw = createGateway({clock,protocols,transport:(_r,t)=>{t.connected();t.head(200,{'content-type':'application/json','x-request-id':'req_1','content-length':String(answer.length)});t.data(answer);t.end();return call;},keys:{empty:false,find:(h)=>byHash.get(h)} as any,recorder:{record(){n++;}} as any,live:{publish(){},subscribe:()=>()=>{}} as any,pricer:createPricer({openai:{priceId:'openai',free:false}}),estimate:estimateUsage,redactor:createRedactor(),routes:()=>table,log(){},maxBody:config.limits.body, steerers: [], translator:()=>undefined,withoutForeignThoughts:(_p:any,b:any)=>b,ledger:()=>undefined} as any);
const peer={address:'127.0.0.1',loopback:true};
const headers={host:'x',authorization:'Bearer mw_x','content-type':'application/json',accept:'*/*','content-length':String(body.length)};
const one=()=>new Promise<void>((resolve)=>{const out:any={onLeft:undefined,onDrain:undefined,send(s:number){resolve();},begin(){},write(){return true},end(){},break(){}};gw.handle({method:'POST',path:'/v1/chat/completions',query:'',headers,peer},out)!(body);});
for(let i=0;i<200000;i++) await one();
for(let r=0;r<6;r++){const c0=process.cpuUsage();const t=performance.now();for(let i=0;i<200000;i++)await one();const c=process.cpuUsage(c0);console.log('wall µs',((performance.now()-t)/200).toFixed(2),'cpu µs',((c.user+c.system)/200000).toFixed(2));}
import {heapSize, heapStats} from 'bun:jsc';
const before=process.memoryUsage();
Bun.gc(true); const h0=heapStats(); for(let i=0;i<300;i++)await one(); const h1=heapStats(); console.log('alloc per exchange', (h1.heapSize-h0.heapSize)/300, 'extra', (h1.extraMemorySize-h0.extraMemorySize)/300, 'objects',(h1.objectCount-h0.objectCount)/300);
const d:any={}; for(const k in h1.objectTypeCounts){const x=((h1.objectTypeCounts[k]??0)-(h0.objectTypeCounts[k]??0))/300; if(x>0.2)d[k]=x.toFixed(1);} console.log(d);

