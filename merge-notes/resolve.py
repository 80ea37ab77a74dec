import re,subprocess
def conflicts(path, pick):
    s=open(path).read()
    s=re.sub(r'<<<<<<< HEAD\n(.*?)=======\n(.*?)>>>>>>> origin/decide\n', lambda m: pick(m.group(1),m.group(2)), s, flags=re.S)
    open(path,'w').write(s)
def sub(path, old, new, count=1):
    s=open(path).read()
    assert old in s, (path, old)
    open(path,'w').write(s.replace(old,new,count))
conflicts('CHANGELOG.md',lambda a,b:a+b); conflicts('ARCHITECTURE.md',lambda a,b:a+b)
P='        plans = [self._plan(question.workload, shape, question.placement) for shape in shapes]\n        return plans, [\n            None if isinstance(plan, NoPlan) else _need(question, plan) for plan in plans\n        ]\n'
for p,arg in (('service/market/training.py','_egress_gb(question)'),('service/market/serving.py','_weights_gb(question.workload)')):
    def pick(a,b):
        if 'import' in b: return a.replace('Callable, Mapping','Callable, Mapping, Sequence')
        return b+'\n'+a
    conflicts(p,pick)
    sub(p,P,f'''        kept = self._plans(question.workload, question.placement)
        plans = [kept.of(shape) for shape in shapes]
        need_of = partial(_need, question, {arg})
        return plans, [None if isinstance(plan, NoPlan) else need_of(plan) for plan in plans]
''')
f='service/compare/feasible.py'
sub(f,'        return (~proven_capacity(self.charges)).astype(np.int8)\n','        return capacities(self.charges)\n')
sub(f,'import proven_capacity','import capacities')
s=open(f).read()
s=s.replace('''self._snapshot, self.shown.every, placements=(), commitments=commitments
            ),
            *((_unproven(unproven),) if unproven else ()),''','''self._snapshot, self.shown.every, unproven=unproven, commitments=commitments
            ),''')
i=s.index('def _unproven('); j=s.index('def _plan_caveats'); s=s[:i]+s[j:]
s=s.replace('from service.domain.caveat import Caveat, CaveatCode','from service.domain.caveat import Caveat').replace('from service.catalog.snapshot import Row, Snapshot','from service.catalog.snapshot import Snapshot')
open(f,'w').write(s)
g='service/compare/gpu_models.py'
s=open(g).read()
s=s.replace('does_not_fit(refusals).detail','_reason(refusals)').replace('from service.market.joined import assumptions_of, does_not_fit','from service.market.joined import assumptions_of').replace('from service.market.market_caveats','from service.market.market_caveats',1)
s=s.replace('from service.market.rejections','from service.market.misfits import nearest_to_fitting\nfrom service.market.rejections',1)
s=s.replace('def _refusals(','''def _reason(refusals: list[NoPlan]) -> str:
    nearest = nearest_to_fitting(refusals)
    advice = f"; the smallest change that fits: {nearest.smallest_change}"
    return nearest.message + (advice if nearest.smallest_change else "")


def _refusals(''',1)
open(g,'w').write(s)
for p in ('service/rpc/comparisons.py','service/rpc/calculator.py','service/rpc/quotes.py','service/rpc/build_vs_buy/answer.py'):
    s=open(p).read()
    m=re.search(r'from service\.rpc\.estimates import (\((?:.|\n)*?\)|[^\n]*)\n',s)
    if not m: continue
    names=[n.strip(' \n,') for n in m.group(1).strip('()').split(',') if n.strip(' \n,')]
    mine=[n for n in names if n in('placement_to_proto','commitment_to_proto')]
    rest=[n for n in names if n not in mine]
    new=''
    if mine: new+='from service.rpc.estimates import '+', '.join(mine)+'\n'
    if rest: new+='from service.rpc.figures import '+', '.join(rest)+'\n'
    s=s.replace(m.group(0),new)
    open(p,'w').write(s)
t='tests/service/compare/comparing.py'
sub(t,'            hours=hours,\n','            hours=hours,\n            joins_nodes=plan.gpu_count > plan.gpus_per_node,\n')
tr='service/market/training.py'
s=open(tr).read(); s=s.replace('_within_usual_deadline','within_usual_deadline'); open(tr,'w').write(s)
f='service/compare/feasible.py'
s=open(f).read()
i=s.index('def _lacks_share')
s=s[:i]+'''def within_reason(
    question: WorkloadQuestion,
    *,
    planners: Planners,
    snapshot: Snapshot,
    rates: Rates,
    now: datetime,
    limits: Limits | None = None,
    shares: Shares | None = None,
) -> Feasible:
    """Find where a workload can be placed.

    As the estimate does, a run for which neither GPUs nor a time are asked for is looked for
    within the usual deadline first.
    """

    def found(asked: WorkloadQuestion) -> Feasible:
        return Feasible(
            asked,
            planners=planners,
            snapshot=snapshot,
            rates=rates,
            now=now,
            limits=limits,
            shares=shares,
        )

    if isinstance(question, TrainingQuestion):
        hurried = within_usual_deadline(question)
        if hurried is not None and (soon := found(hurried)).count:
            return soon
    return found(question)


'''+s[i:]
s=s.replace('from service.market.tariffs import exact_dollars\n','from service.market.tariffs import exact_dollars\nfrom service.market.training import within_usual_deadline\n')
open(f,'w').write(s)
for p in ('service/compare/offers.py','service/compare/gpu_models.py'):
    s=open(p).read()
    s=s.replace('feasible = Feasible(\n','feasible = within_reason(\n').replace('return Feasible(\n','return within_reason(\n')
    s=s.replace('import Feasible, Limits\n','import Feasible, Limits, within_reason\n').replace('from service.compare.feasible import Feasible\n','from service.compare.feasible import Feasible, within_reason\n')
    open(p,'w').write(s)
