package esm2_test
import ("testing";"longfirst/infer/esm2";"longfirst/infer/cpu";"longfirst/infer/backend";"os";"fmt";"syscall")
func cput() float64 { var r syscall.Rusage; syscall.Getrusage(0,&r); return float64(r.Utime.Sec)+float64(r.Utime.Usec)/1e6 }
func BenchmarkForward(b *testing.B){
 for _,name:=range []string{"tiny","esm2_t6_8M"} { for _,th:=range []int{1}{ for _,T:=range []int{60,350,1026} {
  dir:="/tmp/models/"+name
  c,_:=esm2.Named(name)
  if _,e:=os.Stat(dir);e!=nil { if e:=esm2.Init(dir,c,1);e!=nil{b.Fatal(e)} }
  b.Run(fmt.Sprintf("%s/threads=%d/T=%d",name,th,T),func(b *testing.B){
  be,_:=cpu.New(th); defer be.Close()
  m,e:=esm2.Load(dir,be); if e!=nil{b.Fatal(e)}
  defer m.Close()
  n:=1
  if T<1000 { n=1026/T }
  r,_:=m.NewRunner(n*T,n); defer r.Close()
  toks:=make([]uint8,n*T); for i:=range toks{toks[i]=uint8(4+(i*7919)%20)}
  cu:=[]int32{0}; for i:=range n{cu=append(cu,int32((i+1)*T))}
  p:=make([]float32,n*c.HiddenSize)
  c0:=cput(); for b.Loop(){ if e:=r.Start(backend.Batch{Tokens:toks,CuSeqlens:cu},p);e!=nil{b.Fatal(e)}; if e:=r.Finish();e!=nil{b.Fatal(e)} }
  s:=(cput()-c0)/float64(b.N)
  b.ReportMetric(float64(n*(T-2))/s/float64(th),"res/s/core")
  b.ReportMetric(float64(c.FLOPs(int64(T))*int64(n))/s/1e9/float64(th),"GF/core")
  })
 }}}}
