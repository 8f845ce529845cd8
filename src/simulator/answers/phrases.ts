import type { Language } from './language.ts';

/**
 * A small grammar: each sentence stands by itself and holds for any subject `{s}`, quoted so that no case or gender has
 * to agree with it. `{x}`, `{n}` and `{t}` are filled by whoever uses the phrase.
 */
export interface Phrases {
  readonly opening: readonly string[];
  readonly middle: readonly string[];
  readonly closing: readonly string[];
  readonly refusal: string;
  readonly saw: string;
  readonly heard: string;
  readonly read: string;
  readonly toolSaid: string;
  readonly toolFailed: string;
}

export const PHRASES: Readonly<Record<Language, Phrases>> = {
  en: {
    opening: [
      'Here is the short version about “{s}”.',
      'About “{s}”, one thing matters most: the context.',
      '“{s}” is best looked at step by step.',
    ],
    middle: [
      'First, be clear about what you want to achieve with it.',
      'In practice, a few simple rules cover most cases.',
      'It helps to start small and to measure before changing anything.',
      'Where the facts are uncertain, say so and keep a margin.',
      'A worked example usually tells more than a definition.',
      'The costs and the benefits rarely fall in the same place, so weigh both.',
      'What works for one team may not work for another.',
    ],
    closing: [
      'If you tell me more about your case, I can be more exact.',
      'That is the core of it; the rest is detail.',
    ],
    refusal: "I'm sorry, but I can't help with that.",
    saw: 'I see {t}.',
    heard: 'I heard {t}.',
    read: 'I read {t}.',
    toolSaid: '{n} says: {x}.',
    toolFailed: '{n} failed: {x}.',
  },
  de: {
    opening: [
      'Kurz gesagt zu „{s}“:',
      'Bei „{s}“ kommt es vor allem auf den Zusammenhang an.',
      'Am besten betrachtet man „{s}“ Schritt für Schritt.',
    ],
    middle: [
      'Zuerst sollte klar sein, was damit erreicht werden soll.',
      'In der Praxis decken wenige einfache Regeln die meisten Fälle ab.',
      'Es hilft, klein anzufangen und zu messen, bevor man etwas ändert.',
      'Wo die Lage unsicher ist, sollte man das sagen und Spielraum lassen.',
      'Ein durchgerechnetes Beispiel zeigt meist mehr als eine Definition.',
      'Nutzen und Kosten fallen selten an derselben Stelle an.',
    ],
    closing: [
      'Mit mehr Angaben kann ich genauer antworten.',
      'Das ist der Kern; der Rest sind Einzelheiten.',
    ],
    refusal: 'Es tut mir leid, aber dabei kann ich nicht helfen.',
    saw: 'Ich sehe {t}.',
    heard: 'Ich habe {t} gehört.',
    read: 'Ich habe {t} gelesen.',
    toolSaid: '{n} meldet: {x}.',
    toolFailed: '{n} ist fehlgeschlagen: {x}.',
  },
  fr: {
    opening: [
      'En bref, au sujet de « {s} » :',
      'Pour « {s} », tout dépend surtout du contexte.',
      'Le mieux est de regarder « {s} » étape par étape.',
    ],
    middle: [
      'Il faut d’abord savoir ce que l’on veut obtenir.',
      'En pratique, quelques règles simples suffisent dans la plupart des cas.',
      'Il vaut mieux commencer petit et mesurer avant de changer quoi que ce soit.',
      'Quand les faits sont incertains, il faut le dire et garder une marge.',
      'Un exemple détaillé en dit souvent plus qu’une définition.',
    ],
    closing: [
      'Avec plus de détails, je pourrai être plus précis.',
      'Voilà l’essentiel ; le reste est affaire de détails.',
    ],
    refusal: 'Je suis désolé, mais je ne peux pas vous aider pour cela.',
    saw: 'Je vois {t}.',
    heard: 'J’ai entendu {t}.',
    read: 'J’ai lu {t}.',
    toolSaid: '{n} indique : {x}.',
    toolFailed: '{n} a échoué : {x}.',
  },
  es: {
    opening: [
      'En pocas palabras, sobre «{s}»:',
      'En «{s}» lo que más importa es el contexto.',
      'Conviene mirar «{s}» paso a paso.',
    ],
    middle: [
      'Primero hay que saber qué se quiere conseguir.',
      'En la práctica, unas pocas reglas sencillas cubren la mayoría de los casos.',
      'Ayuda empezar en pequeño y medir antes de cambiar nada.',
      'Cuando los datos son inciertos, hay que decirlo y dejar un margen.',
      'Un ejemplo completo suele decir más que una definición.',
    ],
    closing: ['Con más detalles puedo ser más preciso.', 'Eso es lo esencial; lo demás son detalles.'],
    refusal: 'Lo siento, pero no puedo ayudar con eso.',
    saw: 'Veo {t}.',
    heard: 'He oído {t}.',
    read: 'He leído {t}.',
    toolSaid: '{n} dice: {x}.',
    toolFailed: '{n} ha fallado: {x}.',
  },
  it: {
    opening: [
      'In breve, a proposito di «{s}»:',
      'Per «{s}» conta soprattutto il contesto.',
      'Conviene guardare «{s}» passo dopo passo.',
    ],
    middle: [
      'Prima bisogna sapere che cosa si vuole ottenere.',
      'In pratica, poche regole semplici coprono la maggior parte dei casi.',
      'Aiuta cominciare in piccolo e misurare prima di cambiare qualcosa.',
      'Dove i fatti sono incerti, bisogna dirlo e lasciare un margine.',
      'Un esempio svolto dice spesso più di una definizione.',
    ],
    closing: ['Con più dettagli posso essere più preciso.', 'Questo è il nocciolo; il resto sono dettagli.'],
    refusal: 'Mi dispiace, ma non posso aiutare con questo.',
    saw: 'Vedo {t}.',
    heard: 'Ho sentito {t}.',
    read: 'Ho letto {t}.',
    toolSaid: '{n} dice: {x}.',
    toolFailed: '{n} non è riuscito: {x}.',
  },
  pt: {
    opening: [
      'Em resumo, sobre “{s}”:',
      'Em “{s}”, o que mais importa é o contexto.',
      'Convém olhar para “{s}” passo a passo.',
    ],
    middle: [
      'Primeiro é preciso saber o que se quer alcançar.',
      'Na prática, poucas regras simples cobrem a maioria dos casos.',
      'Ajuda começar pequeno e medir antes de mudar qualquer coisa.',
      'Quando os fatos são incertos, é preciso dizê-lo e deixar uma margem.',
      'Um exemplo completo costuma dizer mais do que uma definição.',
    ],
    closing: ['Com mais detalhes posso ser mais preciso.', 'Isso é o essencial; o resto são detalhes.'],
    refusal: 'Desculpe, mas não posso ajudar com isso.',
    saw: 'Vejo {t}.',
    heard: 'Ouvi {t}.',
    read: 'Li {t}.',
    toolSaid: '{n} diz: {x}.',
    toolFailed: '{n} falhou: {x}.',
  },
  nl: {
    opening: [
      'Kort gezegd over “{s}”:',
      'Bij “{s}” telt vooral de samenhang.',
      'Het is het beste om “{s}” stap voor stap te bekijken.',
    ],
    middle: [
      'Eerst moet duidelijk zijn wat je ermee wilt bereiken.',
      'In de praktijk dekken een paar eenvoudige regels de meeste gevallen.',
      'Het helpt om klein te beginnen en te meten voordat je iets verandert.',
      'Waar de feiten onzeker zijn, moet je dat zeggen en ruimte laten.',
      'Een uitgewerkt voorbeeld zegt vaak meer dan een definitie.',
    ],
    closing: ['Met meer gegevens kan ik preciezer antwoorden.', 'Dat is de kern; de rest is detail.'],
    refusal: 'Het spijt me, maar daar kan ik niet bij helpen.',
    saw: 'Ik zie {t}.',
    heard: 'Ik hoorde {t}.',
    read: 'Ik las {t}.',
    toolSaid: '{n} meldt: {x}.',
    toolFailed: '{n} is mislukt: {x}.',
  },
  ru: {
    opening: [
      'Коротко о теме «{s}».',
      'В теме «{s}» важнее всего контекст.',
      'Тему «{s}» лучше разобрать по шагам.',
    ],
    middle: [
      'Сначала нужно понять, чего вы хотите добиться.',
      'На практике несколько простых правил покрывают большинство случаев.',
      'Полезно начать с малого и измерить, прежде чем что-то менять.',
      'Где факты неясны, об этом нужно сказать и оставить запас.',
      'Разобранный пример обычно говорит больше, чем определение.',
    ],
    closing: ['Если вы расскажете больше, я отвечу точнее.', 'Это суть; остальное — подробности.'],
    refusal: 'Извините, но с этим я не могу помочь.',
    saw: 'Я вижу: {t}.',
    heard: 'Я услышал: {t}.',
    read: 'Я прочитал: {t}.',
    toolSaid: '{n} сообщает: {x}.',
    toolFailed: '{n} завершился ошибкой: {x}.',
  },
  ja: {
    opening: [
      '「{s}」について、要点をお伝えします。',
      '「{s}」では、状況がいちばん大切です。',
      '「{s}」は順を追って見るのがよいでしょう。',
    ],
    middle: [
      'まず、何を達成したいのかをはっきりさせます。',
      '実際には、いくつかの簡単な規則でほとんどの場合に対応できます。',
      '小さく始めて、変える前に測ることが役に立ちます。',
      '事実が不確かなときは、そう述べて余裕を残します。',
      '具体的な例は、定義よりも多くを教えてくれます。',
    ],
    closing: ['詳しい状況を教えていただければ、より正確にお答えできます。', '以上が要点です。'],
    refusal: '申し訳ありませんが、そのご依頼にはお応えできません。',
    saw: '{t}を確認しました。',
    heard: '{t}を聞きました。',
    read: '{t}を読みました。',
    toolSaid: '{n}の結果：{x}。',
    toolFailed: '{n}は失敗しました：{x}。',
  },
  zh: {
    opening: ['关于“{s}”，简单来说如下。', '谈到“{s}”，最重要的是具体情况。', '“{s}”最好一步一步来看。'],
    middle: [
      '首先要清楚想达到什么目的。',
      '在实践中，几条简单的规则就能覆盖大多数情况。',
      '从小处开始，先测量再改变，会很有帮助。',
      '事实不确定时，应当说明并留有余地。',
      '一个具体的例子往往比定义更能说明问题。',
    ],
    closing: ['如果您提供更多信息，我可以回答得更准确。', '以上就是要点。'],
    refusal: '很抱歉，我无法帮助您处理这个请求。',
    saw: '我看到了{t}。',
    heard: '我听到了{t}。',
    read: '我读到了{t}。',
    toolSaid: '{n}的结果：{x}。',
    toolFailed: '{n}失败了：{x}。',
  },
  ko: {
    opening: [
      '“{s}”에 대해 간단히 말씀드리겠습니다.',
      '“{s}”에서는 상황이 가장 중요합니다.',
      '“{s}”은(는) 차례대로 살펴보는 것이 좋습니다.',
    ],
    middle: [
      '먼저 무엇을 이루고 싶은지 분명히 해야 합니다.',
      '실제로는 몇 가지 간단한 규칙으로 대부분의 경우를 다룰 수 있습니다.',
      '작게 시작하고 바꾸기 전에 측정하는 것이 도움이 됩니다.',
      '사실이 불확실하면 그렇게 말하고 여유를 두어야 합니다.',
      '구체적인 예는 정의보다 더 많은 것을 알려 줍니다.',
    ],
    closing: ['더 자세히 알려 주시면 더 정확히 답할 수 있습니다.', '이것이 핵심입니다.'],
    refusal: '죄송하지만 그 요청은 도와드릴 수 없습니다.',
    saw: '{t}을(를) 확인했습니다.',
    heard: '{t}을(를) 들었습니다.',
    read: '{t}을(를) 읽었습니다.',
    toolSaid: '{n} 결과: {x}.',
    toolFailed: '{n} 실패: {x}.',
  },
  ar: {
    opening: [
      'باختصار حول «{s}».',
      'في موضوع «{s}» السياق هو الأهم.',
      'من الأفضل النظر إلى «{s}» خطوة بخطوة.',
    ],
    middle: [
      'أولا يجب أن يكون الهدف واضحا.',
      'عمليا تكفي بضع قواعد بسيطة لمعظم الحالات.',
      'من المفيد البدء بخطوات صغيرة والقياس قبل تغيير أي شيء.',
      'عندما تكون الحقائق غير مؤكدة يجب قول ذلك وترك هامش.',
      'المثال المفصل يوضح أكثر من التعريف.',
    ],
    closing: ['إذا أعطيتني تفاصيل أكثر فسأجيب بدقة أكبر.', 'هذا هو الجوهر.'],
    refusal: 'عذرا، لا يمكنني المساعدة في ذلك.',
    saw: 'أرى {t}.',
    heard: 'سمعت {t}.',
    read: 'قرأت {t}.',
    toolSaid: 'نتيجة {n}: {x}.',
    toolFailed: 'فشل {n}: {x}.',
  },
};

export const fill = (phrase: string, values: Readonly<Record<string, string>>): string =>
  phrase.replace(/\{(\w)\}/g, (whole, name: string) => values[name] ?? whole);
